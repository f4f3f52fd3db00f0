package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"executorpool.dev/test/objects/grammar"
)

// minimise removes parts of the programs of the first finding of each kind while they still fail,
// and prints what is left.
func (f *fuzzer) minimise(ctx context.Context) {
	deadline := time.Now().Add(f.Minimise)
	list := f.found.all()
	defer func() { f.found.set(list, false) }()
	var done []kind
	for _, one := range list {
		if slices.Contains(done, one.kind) || !one.kind.alone() || ctx.Err() != nil {
			continue
		}
		done = append(done, one.kind)
		for _, c := range one.cases {
			if time.Now().After(deadline) {
				return
			}
			if c.given || !f.fails(ctx, c, one.kind) {
				continue
			}
			c = f.smallest(ctx, c, one.kind, deadline)
			fmt.Fprintf(f.output, "MINIMISED %s: --replay %d --program '%s'\n", one.kind, c.seed, c.text)
			break
		}
	}
}

// smallest returns the smallest program that still fails and that is found before the deadline.
func (f *fuzzer) smallest(ctx context.Context, c testCase, k kind, deadline time.Time) testCase {
	for again := true; again; {
		again = false
		for _, p := range grammar.Smaller(c.program) {
			if time.Now().After(deadline) || ctx.Err() != nil {
				return c
			}
			smaller := c
			smaller.program, smaller.text = p, p.String()
			if f.fails(ctx, smaller, k) {
				c, again = smaller, true
				break
			}
		}
	}
	return c
}

// fails reports whether the case, in all slots at once, causes a finding of the kind.
func (f *fuzzer) fails(ctx context.Context, c testCase, k kind) bool {
	f.checkIdle(ctx) // so that watch has started an ended executor again
	f.phase.Store("minimise")
	f.found.set(nil, true)
	var all sync.WaitGroup
	for range f.executor.slots {
		all.Go(func() {
			own := c
			f.submit(ctx, &own)
		})
	}
	all.Wait()
	// watch sees the end of a process after an interval.
	time.Sleep(3 * watchInterval)
	f.checkIdle(ctx)
	return slices.ContainsFunc(f.found.all(), func(one finding) bool { return one.kind == k })
}
