package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

// protections are the rows of the printed table.
var protections = []struct {
	name string
	part sandbox.Protection
}{
	{"file rules (Landlock)", sandbox.FileRules}, {"call filter (seccomp)", sandbox.CallFilter}, {"rlimits", sandbox.ResourceLimits},
	{"limits of the process tree", sandbox.TreeLimits}, {"wall time limit", sandbox.WallClock}, {"output limit", sandbox.OutputBound},
	{"kill of the process tree", sandbox.TreeKill},
}

// cost prints the cost of each protection for a run of the static hello: the time of a run with all
// protections divided by the time of a run without the one. The runs use slots directly, without
// the API. Each round measures every slot.
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
	}{"all protections", all})
	table, err := toolchain.Load(languageTable)
	if err != nil {
		return err
	}
	complete, err := b.slot(scratch, "complete", table, 0)
	if err != nil {
		return err
	}
	defer complete.Close()
	slots := make([]*sandbox.Slot, len(rows))
	for i, row := range rows {
		if slots[i], err = b.slot(scratch, fmt.Sprint("without-", i), table, row.part); err != nil {
			return err
		}
		defer slots[i].Close()
	}
	ratios := make([]measurements, len(rows))
	var base measurements
	const runs = 300
	for range b.rounds(12) {
		for i := range rows {
			with, err := meanRunTime(complete, runs)
			if err != nil {
				return err
			}
			without, err := meanRunTime(slots[i], runs)
			if err != nil {
				return err
			}
			base = append(base, float64(with)/float64(time.Microsecond))
			ratios[i] = append(ratios[i], ratio(with, without))
		}
	}
	fmt.Printf("static C hello in a slot with all protections: median %.0f us; this time divided by the time without:\n", base.quantile(0.5))
	for i, row := range rows {
		fmt.Printf("  %-28s %s\n", row.name, ratios[i])
	}
	return nil
}

// slot returns a slot without the given protections that has the static hello in its store.
// Its Landlock rules are those of a slot in an executor.
func (b *bench) slot(scratch, name string, table *toolchain.Table, without sandbox.Protection) (*sandbox.Slot, error) {
	dir := filepath.Join(scratch, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	slot, err := sandbox.NewSlot(sandbox.SlotConfig{Dir: dir, Tier: sandbox.Restricted, SelfContainedPaths: table.OwnPaths(), Without: without})
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

// meanRunTime returns the mean time of a run of the static hello in the slot.
func meanRunTime(slot *sandbox.Slot, runs int) (each time.Duration, err error) {
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
