package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"executorpool.dev/executor/sandbox"
)

// protections in the order of the table.
var protections = []struct {
	name string
	part sandbox.Protection
}{
	{"file rules (Landlock)", sandbox.FileRules}, {"call filter (seccomp)", sandbox.CallFilter}, {"rlimits", sandbox.ResourceLimits},
	{"limits of the tree", sandbox.TreeLimits}, {"wall clock", sandbox.WallClock}, {"bound on output", sandbox.OutputBound},
	{"end of the tree", sandbox.TreeKill},
}

// cost is what each protection costs a run of the static hello: how long a run takes with all of them, of one that lacks
// the one. Slots are run directly, without the API, and all have their turn in each round.
func (b *bench) cost() (err error) {
	if err := sandbox.Init(); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("/dev/shm", "bench-cost-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	var all sandbox.Protection
	for _, p := range protections {
		all |= p.part
	}
	rows := append(protections[:len(protections):len(protections)], struct {
		name string
		part sandbox.Protection
	}{"all of them", all})
	whole, err := b.slot(scratch, "whole", 0)
	if err != nil {
		return err
	}
	defer whole.Close()
	slots := make([]*sandbox.Slot, len(rows))
	for i, row := range rows {
		if slots[i], err = b.slot(scratch, fmt.Sprint("without-", i), row.part); err != nil {
			return err
		}
		defer slots[i].Close()
	}
	ratios := make([]spread, len(rows))
	var base spread
	const runs = 300
	for range b.rounds(12) {
		for i := range rows {
			with, err := hellos(whole, runs)
			if err != nil {
				return err
			}
			without, err := hellos(slots[i], runs)
			if err != nil {
				return err
			}
			base = append(base, float64(with)/float64(time.Microsecond))
			ratios[i] = append(ratios[i], share(with, without))
		}
	}
	fmt.Printf("static C hello in a slot, all protections on: median %.0f us; how long that is of a run without\n", base.at(0.5))
	for i, row := range rows {
		fmt.Printf("  %-24s %s\n", row.name, ratios[i])
	}
	return nil
}

// slot makes a slot that lacks the protections, with the hello in its store.
func (b *bench) slot(scratch, name string, without sandbox.Protection) (*sandbox.Slot, error) {
	dir := filepath.Join(scratch, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	slot, err := sandbox.NewSlot(sandbox.SlotConfig{Dir: dir, Tier: sandbox.Restricted, Without: without})
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(b.path("hello"))
	if err == nil {
		err = slot.Store.Write("hello", program, 0o500)
	}
	if err != nil {
		return nil, errors.Join(err, slot.Close())
	}
	return slot, nil
}

// hellos is how long one run takes, on average over so many.
func hellos(slot *sandbox.Slot, runs int) (each time.Duration, err error) {
	spec := sandbox.Spec{Path: slot.Store.Path() + "/hello", Args: []string{"hello"}, Limits: sandbox.Limits{CPU: time.Second,
		Wall: 10 * time.Second, Memory: 256 << 20, Output: 64 << 10, Processes: 64, Disk: 64 << 20}, SelfContained: true}
	closed := slot.On(func() {
		begin := time.Now()
		for range runs {
			var result sandbox.Result
			if result, err = slot.Run(context.Background(), spec); err == nil && result.ExitCode != 0 {
				err = fmt.Errorf("got %+v", result)
			}
			if err != nil {
				return
			}
		}
		each = time.Since(begin) / time.Duration(runs)
	})
	return each, errors.Join(err, closed)
}
