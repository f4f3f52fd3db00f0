package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// cpu prints the variation of the measured CPU time of a program that always executes the same
// instructions: without the executor, which is the variation of the machine itself; alone in the
// executor; and beside a busy slot.
//
// Each series runs without pauses and is not interleaved with another. The clock of a shared
// processor changes by several percent within a minute, and a longer series contains more of that
// change. The program also measures the speed of the clock (second.c), from which the variation at
// a steady clock follows.
func (b *bench) cpu() error {
	second := body(api.Request{Language: "c", Source: text("second.c")})
	submitted := func(c *client.Client) (cpuMillis float64, stdout string, err error) {
		result, err := c.ExecuteEncoded(context.Background(), second)
		if err == nil && result.Verdict != api.OK {
			err = fmt.Errorf("got %+v", result)
		}
		if err != nil {
			return 0, "", err
		}
		return float64(result.Runs[0].CPUMillis), result.Runs[0].Stdout, nil
	}
	series := func(name string, measure func() (cpuMillis float64, stdout string, err error)) error {
		var times, steady measurements
		for range b.rounds(40) {
			millis, stdout, err := measure()
			if err != nil {
				return err
			}
			var number uint64
			var part float64
			if _, err := fmt.Sscan(stdout, &number, &part); err != nil {
				return fmt.Errorf("output %q: %w", stdout, err)
			}
			times, steady = append(times, millis), append(steady, millis/part)
		}
		fmt.Printf("CPU time of a fixed program, %-23s median %.0f ms, p95-p5 %.1f %%, at a steady clock %.1f %% (%d runs)\n",
			name+":", times.quantile(0.5), times.variation(), steady.variation(), len(times))
		return nil
	}
	if err := series("without the executor", func() (float64, string, error) {
		bare := exec.Command(b.path("second"))
		stdout, err := bare.Output()
		if err != nil {
			return 0, "", err
		}
		return float64((bare.ProcessState.UserTime() + bare.ProcessState.SystemTime()).Microseconds()) / 1000, string(stdout), nil
	}); err != nil {
		return err
	}
	c := b.executor.client()
	defer c.CloseIdleConnections()
	if err := series("alone", func() (float64, string, error) { return submitted(c) }); err != nil {
		return err
	}
	other := b.executor.client()
	defer other.CloseIdleConnections()
	var busySlot sync.WaitGroup
	var failed error
	var stopped atomic.Bool
	busySlot.Go(func() {
		for failed == nil && !stopped.Load() {
			_, _, failed = submitted(other)
		}
	})
	err := series("beside a busy slot", func() (float64, string, error) { return submitted(c) })
	stopped.Store(true)
	busySlot.Wait()
	return errors.Join(err, failed)
}

// variation returns p95 - p5 in percent of the median.
func (s measurements) variation() float64 {
	return 100 * (s.quantile(0.95) - s.quantile(0.05)) / s.quantile(0.5)
}

// limits prints by how much runs exceed their wall time limit and their memory limit.
func (b *bench) limits() error {
	c := b.executor.client()
	defer c.CloseIdleConnections()
	var late measurements
	ignoring := "#include <signal.h>\n#include <unistd.h>\nint main(void) { for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause(); }"
	request := body(api.Request{Language: "c", Source: ignoring, Limits: api.Limits{WallMillis: 100}})
	for range b.rounds(200) {
		result, err := c.ExecuteEncoded(context.Background(), request)
		if err != nil {
			return err
		}
		if result.Verdict != api.TimeLimit {
			return fmt.Errorf("got %+v", result)
		}
		late = append(late, float64(result.Runs[0].WallMillis-100))
	}
	fmt.Printf("delay from the wall time limit to the end of the run, ms: p50 %.0f, p99 %.0f, max %.0f (%d runs)\n", late.quantile(0.5), late.quantile(0.99), late.quantile(1), len(late))
	allocating := "#include <stdlib.h>\n#include <string.h>\nint main(void) { for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); __asm__(\"\" : : \"r\"(p) : \"memory\"); } }"
	for _, mib := range []int64{16, 64, 256} {
		var peak measurements
		request := body(api.Request{Language: "c", Source: allocating, Limits: api.Limits{MemoryMiB: mib}})
		for range b.rounds(40) {
			result, err := c.ExecuteEncoded(context.Background(), request)
			if err != nil {
				return err
			}
			if result.Verdict != api.MemoryLimit {
				return fmt.Errorf("limit %d MiB: got %+v", mib, result)
			}
			peak = append(peak, float64(result.Runs[0].MemoryKiB)/1024/float64(mib))
		}
		fmt.Printf("memory limit %3d MiB, peak memory of a run that allocates as fast as possible, divided by the limit: %s\n", mib, peak)
	}
	return nil
}
