package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/api"
)

// retryDelay is the pause after a failure of the executor, which may last for some time.
const retryDelay = 2 * watchInterval

// fuzzer is one execution of the command.
type fuzzer struct {
	options
	begun    time.Time
	found    findings
	running  running
	times    times
	counts   counts
	next     atomic.Uint64
	baseline residue

	mu       sync.RWMutex // held for writing while the executor is started again
	executor *executor
	phase    atomic.Value // string
	restarts float64
	kills    int64
}

// counts are the verdicts of the fuzzed submissions, by verdict.
type counts struct {
	mu       sync.Mutex
	verdicts map[string]int
	honest   int
	names    map[string]bool
}

func newFuzzer(o options) *fuzzer {
	f := &fuzzer{options: o, begun: time.Now()}
	f.found.output = o.output
	f.running.cases = map[*testCase]time.Time{}
	f.times.by = map[string][]float64{}
	f.counts.verdicts, f.counts.names = map[string]int{}, map[string]bool{}
	f.next.Store(o.Seed)
	f.phase.Store("start")
	return f
}

// add records a finding with the cases that run now.
func (f *fuzzer) add(k kind, detail string, cases ...testCase) {
	if len(cases) == 0 {
		cases = f.running.list()
	}
	f.found.add(finding{kind: k, at: time.Since(f.begun), detail: detail, cases: cases})
}

// prepare compiles all programs, so that the compile cache has them, and records the idle executor.
func (f *fuzzer) prepare(ctx context.Context) error {
	requests := []*api.Request{testCase{text: "sleep 1"}.request()}
	for _, language := range f.Languages {
		requests = append(requests, honestRequest(language))
	}
	for _, request := range requests {
		result, err := f.executor.client.Execute(ctx, request)
		if err != nil {
			return fmt.Errorf("the first program in %s: %w", request.Language, err)
		}
		if result.Verdict != api.OK {
			return fmt.Errorf("the first program in %s: %s %s %+v", request.Language, result.Verdict, causes(result), result.Compile)
		}
	}
	var err error
	if f.restarts, err = f.executor.restarts(); err == nil && f.executor.own() {
		f.baseline, err = f.executor.residue()
	}
	return err
}

// draw returns the next case: of the next seed, or of those that the flags repeat.
func (f *fuzzer) draw() testCase {
	n := f.next.Add(1) - 1
	if len(f.Replay) > 0 {
		n = f.Replay[(n-f.Seed)%uint64(len(f.Replay))]
	}
	c := draw(n, f.Divisor)
	if f.Program != "" {
		c.text, c.program, c.given = f.Program, nil, true
	}
	return c
}

// submitLoop submits cases one after the other until the end.
func (f *fuzzer) submitLoop(ctx context.Context, end time.Time, next func() testCase) {
	for ctx.Err() == nil && time.Now().Before(end) {
		c := next()
		f.submit(ctx, &c)
	}
}

// submit submits a case and records what is wrong with the answer.
func (f *fuzzer) submit(ctx context.Context, c *testCase) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.running.begin(c)
	result, err := f.executor.client.Execute(ctx, c.request())
	f.running.end(c)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		f.failed(err, c)
		return
	}
	f.counts.add(result.Verdict, c)
	f.judge(c, result)
}

// judge records what is wrong with a result.
func (f *fuzzer) judge(c *testCase, result *api.Result) {
	if result.Verdict == api.InternalError {
		f.add(internalError, causes(result), *c)
		time.Sleep(retryDelay)
	}
	for _, r := range result.Runs {
		if over := r.WallMillis - c.limits.WallMillis; over > 2000 {
			f.add(tooLate, fmt.Sprintf("%s after %d ms of %d", r.Verdict, r.WallMillis, c.limits.WallMillis), *c)
		}
	}
}

// failed records a submission without a result.
func (f *fuzzer) failed(err error, c *testCase) {
	var problem *api.Problem
	if !errors.As(err, &problem) {
		f.counts.add("no answer", c)
		f.add(noAnswer, err.Error())
		time.Sleep(retryDelay)
		return
	}
	f.counts.add(api.Verdict(fmt.Sprint(problem.Status)), c)
	if problem.Status != http.StatusServiceUnavailable || problem.Reason != api.ReasonQueueFull {
		f.add(refused, err.Error(), *c)
	}
}

func (c *counts) add(verdict api.Verdict, of *testCase) {
	if of.spins {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verdicts[string(verdict)]++
	for _, name := range of.program.Names() {
		c.names[name] = true
	}
}

// causes returns the causes of a result and its runs.
func causes(result *api.Result) string {
	text := []string{result.Cause}
	for _, r := range result.Runs {
		text = append(text, r.Cause)
	}
	return fmt.Sprintf("%.300q", slices.DeleteFunc(text, func(s string) bool { return s == "" }))
}

// run runs one phase: fuzzed submissions from some clients, and honest ones from one.
func (f *fuzzer) run(ctx context.Context, phase string, length time.Duration, clients int, next func() testCase) {
	f.phase.Store(phase)
	end := time.Now().Add(length)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { f.submitLoop(ctx, end, next) })
	}
	if len(f.Languages) > 0 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil && time.Now().Before(end); i++ {
				f.honest(ctx, phase, f.Languages[i%len(f.Languages)])
			}
		})
	}
	all.Wait()
}

// fair is the number of fuzzing clients with which there are as many submissions as cores.
func (f *fuzzer) fair() int { return max(1, min(f.cores, f.executor.slots)-1) }

// measure measures the honest programs alone, and beside programs that only compute.
func (f *fuzzer) measure(ctx context.Context) {
	rounds := func(phase string, n int) {
		f.phase.Store(phase)
		for range n {
			for _, language := range f.Languages {
				if ctx.Err() == nil {
					f.honest(ctx, phase, language)
				}
			}
		}
	}
	rounds(quiet, f.Quiet)
	f.beside(ctx, f.fair(), func() { rounds(fairComputing, f.Quiet/2) })
	f.beside(ctx, f.executor.slots-1, func() { rounds(fullComputing, f.Quiet/2) })
}

// beside calls measure while clients submit programs that only compute.
func (f *fuzzer) beside(ctx context.Context, clients int, measure func()) {
	computing, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() { f.submitLoop(computing, time.Now().Add(time.Hour), spinner) })
	}
	measure()
	stop()
	all.Wait()
}

// cycle runs all phases once.
func (f *fuzzer) cycle(ctx context.Context, end time.Time) {
	f.phase.Store(quiet)
	for range min(5, f.Quiet) {
		for _, language := range f.Languages {
			f.honest(ctx, quiet, language)
		}
	}
	f.run(ctx, fair, min(f.Phase.Fair, time.Until(end)), f.fair(), f.draw)
	f.checkIdle(ctx)
	f.run(ctx, full, min(f.Phase.Full, time.Until(end)), max(1, f.executor.slots-1), f.draw)
	f.checkIdle(ctx)
}
