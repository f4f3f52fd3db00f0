package main

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/test/objects/grammar"
)

//go:embed testdata
var testdata embed.FS

// testCase is a program of kernel objects with its limits.
type testCase struct {
	seed    uint64
	text    string // the program; that of the seed unless minimised or given
	program grammar.Program
	limits  api.Limits
	given   bool // not of a seed
	spins   bool // a spinner, which does not count
}

// name returns the seed, or the text of a program without one.
func (c testCase) name() string {
	if c.given {
		return fmt.Sprintf("%q", c.text)
	}
	return fmt.Sprint(c.seed)
}

// draw returns the case of a seed.
func draw(seed uint64, divisor int64) testCase {
	p := grammar.Draw(seed, divisor)
	random := rand.New(rand.NewPCG(seed, 1)) // another stream than that of the program
	pick := func(values ...int64) int64 { return values[random.IntN(len(values))] }
	return testCase{seed: seed, program: p, text: p.String(), limits: api.Limits{
		CPUMillis: pick(300, 1000, 3000, 3000), WallMillis: pick(500, 2000, 4000, 4000), MemoryMiB: pick(16, 48, 256, 256),
		Processes: pick(4, 16, 64, 64), OutputKiB: pick(1, 64),
	}}
}

// request returns the submission of the case.
func (c testCase) request() *api.Request {
	return &api.Request{Language: "c", Files: interpreter(), Stdin: c.text, Limits: c.limits}
}

// interpreter returns the files of the interpreter.
var interpreter = sync.OnceValue(func() []api.File {
	var files []api.File
	for _, name := range []string{"objects.c", "objects.h", "memory.h", "files.h", "channels.h", "processes.h"} {
		files = append(files, api.File{Name: name, Content: content(name)})
	}
	return files
})

// content returns a file of testdata.
func content(name string) string {
	text, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		panic(err) // testdata is embedded
	}
	return string(text)
}

// spinner is a program that only computes, for longer than any honest program.
func spinner() testCase {
	return testCase{text: "spin 2000", given: true, spins: true, limits: api.Limits{WallMillis: 4000, CPUMillis: 4000}}
}

// running are the cases that run now, with those that ended within the last second.
type running struct {
	mu    sync.Mutex
	cases map[*testCase]time.Time // the end; zero while it runs
}

func (r *running) begin(c *testCase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
	r.cases[c] = time.Time{}
}

func (r *running) end(c *testCase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cases[c] = time.Now()
}

// list returns the cases in the order of their names.
func (r *running) list() []testCase {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
	var all []testCase
	for c := range r.cases {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b testCase) int { return strings.Compare(a.name(), b.name()) })
	return all
}

// forget removes the cases that ended more than a second ago. The caller holds the lock.
func (r *running) forget() {
	for c, ended := range r.cases {
		if !ended.IsZero() && time.Since(ended) > time.Second {
			delete(r.cases, c)
		}
	}
}
