package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	watchInterval = 100 * time.Millisecond
	// memoryMargin is by how much the memory of the idle executor may differ: heaps of the Go runtime,
	// kernel memory that the kernel frees later.
	memoryMargin = 96 << 20
)

// watch looks for the end of the executor or a worker and for kills by the kernel, and starts an
// ended executor again.
func (f *fuzzer) watch(ctx context.Context) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		f.checkKills()
		if !f.executor.alive() {
			f.add(executorEnded, "its log ends with: "+f.executor.logTail())
			f.relaunch(ctx)
			continue
		}
		f.checkRestarts()
	}
}

func (f *fuzzer) checkKills() {
	if f.executor.cgroup == nil {
		return
	}
	if kills := f.executor.cgroup.kills(); kills > f.kills {
		_, peak := f.executor.cgroup.used()
		f.add(kernelKilled, fmt.Sprintf("%d processes; highest memory of the container %d MiB", kills-f.kills, peak>>20))
		f.kills = kills
	}
}

// checkRestarts reads the executor's count of workers that it replaced.
func (f *fuzzer) checkRestarts() {
	restarts, err := f.executor.restarts()
	if err != nil {
		return // The executor has just ended, or noAnswer is found.
	}
	if restarts > f.restarts {
		f.add(workerReplaced, fmt.Sprintf("%.0f; the log ends with: %s", restarts-f.restarts, f.executor.logTail()))
		f.restarts = restarts
	}
}

// relaunch starts the executor again after its submissions have failed, until it serves.
func (f *fuzzer) relaunch(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ctx.Err() == nil {
		err := f.restart(ctx)
		if err == nil {
			return
		}
		f.add(executorEnded, fmt.Sprintf("it cannot be started again: %v", err))
		time.Sleep(retryDelay)
	}
}

// restart does what the kubelet does after the end of a container.
func (f *fuzzer) restart(ctx context.Context) error {
	f.executor.kill()
	if f.executor.cgroup != nil {
		if err := f.executor.cgroup.empty(); err != nil {
			return err
		}
	}
	if err := f.executor.launch(); err != nil {
		return err
	}
	return f.prepare(ctx)
}

// checkIdle waits for the idle executor and compares it with the one at the start.
func (f *fuzzer) checkIdle(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	f.phase.Store("check")
	busy, deadline := 1, time.Now().Add(f.Settle)
	for ; busy > 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if state, err := f.executor.client.State(ctx); err == nil {
			busy = state.Busy + state.Queued
		}
	}
	if busy > 0 && f.executor.alive() {
		f.add(slotBusy, fmt.Sprintf("%d of %d", busy, f.executor.slots))
		return
	}
	if !f.executor.own() || !f.executor.alive() {
		return
	}
	// What the executor removes after its answer, such as a worker that it replaces, has a time too.
	var differences []finding
	for ; ; time.Sleep(50 * time.Millisecond) {
		now, err := f.executor.residue()
		if err != nil {
			return // The executor has just ended.
		}
		if differences = f.compare(now); len(differences) == 0 || time.Now().After(deadline) {
			break
		}
	}
	for _, d := range differences {
		f.add(d.kind, d.detail)
	}
}

// compare returns the differences from the idle executor at the start.
func (f *fuzzer) compare(now residue) (differences []finding) {
	var left []string
	if len(now.processes) != len(f.baseline.processes) {
		for _, pid := range now.processes {
			if !slices.Contains(f.baseline.processes, pid) {
				left = append(left, describe(pid))
			}
		}
		differences = append(differences, finding{kind: processLeft, detail: fmt.Sprintf("%d processes, %d at the start; new: %s",
			len(now.processes), len(f.baseline.processes), strings.Join(left, "; "))})
	}
	left = nil
	for name := range now.files {
		if !f.baseline.files[name] {
			left = append(left, name)
		}
	}
	for _, name := range now.objects {
		if !slices.Contains(f.baseline.objects, name) {
			left = append(left, name)
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		differences = append(differences, finding{kind: fileLeft, detail: fmt.Sprintf("%d: %s", len(left), strings.Join(left[:min(8, len(left))], " "))})
	}
	if now.memory > f.baseline.memory+memoryMargin {
		differences = append(differences, finding{kind: memoryLeft, detail: fmt.Sprintf("%d MiB, %d at the start", now.memory>>20, f.baseline.memory>>20)})
	}
	return differences
}
