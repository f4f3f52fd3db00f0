package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox/procfs"
)

// held is the number of resources that an executor and its workers hold at one instant without
// runs.
type held struct {
	descriptors, processes, files int
	memoryMiB                     float64
}

// soak submits runs of all kinds and fails if the executor then holds more resources than after the
// first tenth of the runs, in which buffers and caches reach their size. It tolerates 8
// descriptors, 1100 files, and a fifth + 16 MiB of memory.
func (b *bench) soak() error {
	var before held
	fmt.Printf("%10s %12s %10s %8s %10s\n", "runs", "descriptors", "processes", "files", "memory MiB")
	total := 0
	for part := range 11 {
		if part > 0 {
			did, err := b.mix(b.Soak/10, part)
			if err != nil {
				return err
			}
			total += did
		}
		now, err := b.executor.holds()
		if err != nil {
			return err
		}
		fmt.Printf("%10d %12d %10d %8d %10.1f\n", total, now.descriptors, now.processes, now.files, now.memoryMiB)
		if part <= 1 {
			before = now
			continue
		}
		if part == 10 && (now.descriptors > before.descriptors+8 || now.processes > before.processes || now.files > before.files+1100 ||
			now.memoryMiB > 1.2*before.memoryMiB+16) {
			return fmt.Errorf("the executor held %+v after the first tenth, and %+v at the end", before, now)
		}
	}
	return nil
}

// mix submits programs of all kinds from 2 clients until at least the given number of runs has
// ended. It returns the number of runs.
func (b *bench) mix(runs, part int) (did int, err error) {
	twenty := make([]api.RunInput, 20)
	requests := []api.Request{
		{Language: "c", Source: text("hello.c"), Runs: twenty},
		{Language: "c", Source: "int main(void) { *(volatile int *)0 = 1; }", Runs: twenty},
		{Language: "c", Source: "#include <unistd.h>\nint main(void) { for (int i = 0; i < 5; i++) if (!fork()) pause(); }", Runs: twenty},
		{Language: "c", Source: "#include <fcntl.h>\n#include <stdio.h>\n#include <sys/stat.h>\nint main(void) { char n[9]; for (int i = 0; i < 20; i++) { sprintf(n, \"f%d\", i); open(n, O_CREAT | O_WRONLY, 0); } mkdir(\"d\", 0); }", Runs: twenty},
		{Language: "c", Source: "int main(void) { for (;;) {} }", Limits: api.Limits{CPUMillis: 10}},
		{Language: "c", Source: fmt.Sprintf("int main(void) { return %d - %d; } // compiled once", part, part), Runs: twenty},
		{Language: "c", Source: "no program"},
		{Language: "python3", Source: "print(1)"},
	}
	var all sync.WaitGroup
	var sum sync.Mutex
	errs := make([]error, 2)
	for i := range 2 {
		all.Go(func() {
			c := b.executor.client()
			defer c.CloseIdleConnections()
			for n := i; ; n++ {
				sum.Lock()
				enough := did >= runs
				sum.Unlock()
				if enough {
					return
				}
				// Half of the submissions are of the first kind.
				kind := 0
				if n%2 == 1 {
					kind = n / 2 % len(requests)
				}
				result, err := c.Execute(context.Background(), &requests[kind])
				if err == nil && result.Verdict == api.InternalError {
					err = fmt.Errorf("got %+v", result)
				}
				if err != nil {
					errs[i] = err
					return
				}
				sum.Lock()
				did += max(1, len(result.Runs))
				sum.Unlock()
			}
		})
	}
	all.Wait()
	return did, errors.Join(errs...)
}

func (e *executor) holds() (h held, err error) {
	pids := []int{e.cmd.Process.Pid}
	for i := 0; i < len(pids); i++ {
		children, err := procfs.Children(pids[i])
		if err != nil {
			return h, err
		}
		pids = append(pids, children...)
		folder := fmt.Sprintf("/proc/%d/", pids[i])
		descriptors, err := os.ReadDir(folder + "fd")
		if err != nil {
			return h, err
		}
		h.descriptors += len(descriptors)
		rollup, err := os.ReadFile(folder + "smaps_rollup")
		if err != nil {
			return h, err
		}
		pss, ok := procfs.ParseProportional(rollup)
		if !ok {
			return h, fmt.Errorf("process %d: unknown format of smaps_rollup", pids[i])
		}
		h.memoryMiB += float64(pss) / (1 << 20)
	}
	h.processes = len(pids)
	err = filepath.WalkDir(e.scratch, func(string, os.DirEntry, error) error {
		h.files++
		return nil
	})
	return h, err
}
