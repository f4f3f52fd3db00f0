package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"executorpool.dev/executor/api"
)

// held is what an executor and its workers hold at one moment, when no run is under way.
type held struct {
	descriptors, processes, files int
	memoryMiB                     float64
}

// soak does many runs of all kinds and fails when the executor then holds more than before: more descriptors, processes or
// files at all, or a fifth and 16 MiB more memory. The first tenth is for buffers and caches to reach their size.
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
			return fmt.Errorf("after the first tenth it held %+v, at the end %+v", before, now)
		}
	}
	return nil
}

// mix does at least so many runs, of which most end well.
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
				// The first kind is half of all.
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
	pids := []string{strconv.Itoa(e.cmd.Process.Pid)}
	for i := 0; i < len(pids); i++ {
		children, err := filepath.Glob("/proc/" + pids[i] + "/task/*/children")
		if err != nil {
			return h, err
		}
		for _, list := range children {
			content, _ := os.ReadFile(list)
			pids = append(pids, strings.Fields(string(content))...)
		}
		descriptors, err := os.ReadDir("/proc/" + pids[i] + "/fd")
		if err != nil {
			return h, err
		}
		h.descriptors += len(descriptors)
		rollup, err := os.ReadFile("/proc/" + pids[i] + "/smaps_rollup")
		if err != nil {
			return h, err
		}
		_, after, _ := strings.Cut(string(rollup), "\nPss:")
		var kib float64
		if _, err := fmt.Sscan(after, &kib); err != nil {
			return h, err
		}
		h.memoryMiB += kib / 1024
	}
	h.processes = len(pids)
	err = filepath.WalkDir(e.scratch, func(string, os.DirEntry, error) error {
		h.files++
		return nil
	})
	return h, err
}
