package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// kind is the kind of a finding.
type kind string

// The kinds of findings.
const (
	executorEnded  kind = "executor ended"
	kernelKilled   kind = "killed by the kernel for memory"
	workerReplaced kind = "worker replaced"
	honestWrong    kind = "honest program wrong"
	honestSlow     kind = "honest program slow"
	internalError  kind = "InternalError"
	noAnswer       kind = "no answer"
	refused        kind = "refused"
	tooLate        kind = "wall limit exceeded"
	slotBusy       kind = "slot busy without a submission"
	processLeft    kind = "process left"
	fileLeft       kind = "file or object left"
	memoryLeft     kind = "memory left"
)

// alone reports whether a program that is repeated without honest programs can show the finding.
func (k kind) alone() bool {
	return !slices.Contains([]kind{honestWrong, honestSlow, memoryLeft}, k)
}

// finding is one broken promise.
type finding struct {
	kind   kind
	at     time.Duration
	detail string
	// cases are the submissions that ran at the time, or ended less than a second before.
	cases []testCase
}

func (f finding) String() string {
	text := fmt.Sprintf("FINDING at %.1fs: %s: %s", f.at.Seconds(), f.kind, f.detail)
	var names []string
	for _, c := range f.cases {
		names = append(names, c.name())
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], fmt.Sprintf("and %d more", len(names)-maxNames))
	}
	if len(names) > 0 {
		text += " [programs: " + strings.Join(names, " ") + "]"
	}
	return text
}

const (
	// maxNames bounds the programs that the text of a finding names.
	maxNames = 8
	// maxPrinted bounds the findings of a kind that are printed; the report has their number.
	maxPrinted = 20
)

// findings collects findings and prints the first ones of each kind. It is safe for concurrent use.
type findings struct {
	mu     sync.Mutex
	list   []finding
	muted  bool // while programs are minimised
	output io.Writer
}

func (f *findings) add(one finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, one)
	same := 0
	for _, other := range f.list {
		if other.kind == one.kind {
			same++
		}
	}
	if !f.muted && same <= maxPrinted {
		fmt.Fprintln(f.output, one)
	}
}

func (f *findings) all() []finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// set replaces the list, and mutes or unmutes the output.
func (f *findings) set(list []finding, muted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.muted = list, muted
}
