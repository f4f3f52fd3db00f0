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

// cpu is the spread of the CPU time of one program that always does the same: with nothing around it, which is the machine's own,
// then alone in the executor, then beside a busy slot. Each is a row without pauses and not in turn with another, for a processor's clock
// drifts, by several percent in a minute where neighbours share the processor, and a longer row holds more of that. How far the
// times spread at a steady clock is told by the program, which times its own parts.
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
	row := func(name string, measure func() (cpuMillis float64, stdout string, err error)) error {
		var times, steady spread
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
			name+":", times.at(0.5), times.width(), steady.width(), len(times))
		return nil
	}
	if err := row("with nothing around it", func() (float64, string, error) {
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
	if err := row("alone", func() (float64, string, error) { return submitted(c) }); err != nil {
		return err
	}
	other := b.executor.client()
	defer other.CloseIdleConnections()
	var all sync.WaitGroup
	var failed error
	var done atomic.Bool
	all.Go(func() {
		for failed == nil && !done.Load() {
			_, _, failed = submitted(other)
		}
	})
	err := row("beside a busy slot", func() (float64, string, error) { return submitted(c) })
	done.Store(true)
	all.Wait()
	return errors.Join(err, failed)
}

// width is p95-p5 in percent of the median.
func (s spread) width() float64 { return 100 * (s.at(0.95) - s.at(0.05)) / s.at(0.5) }

// limits are how far past its limit a run gets.
func (b *bench) limits() error {
	c := b.executor.client()
	defer c.CloseIdleConnections()
	var late spread
	deaf := "#include <signal.h>\n#include <unistd.h>\nint main(void) { for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause(); }"
	request := body(api.Request{Language: "c", Source: deaf, Limits: api.Limits{WallMillis: 100}})
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
	fmt.Printf("wall limit passed by, ms: p50 %.0f, p99 %.0f, most %.0f (%d runs)\n", late.at(0.5), late.at(0.99), late.at(1), len(late))
	greedy := "#include <stdlib.h>\n#include <string.h>\nint main(void) { for (;;) { char *p = malloc(1 << 20); if (!p) abort(); memset(p, 1, 1 << 20); __asm__(\"\" : : \"r\"(p) : \"memory\"); } }"
	for _, mib := range []int64{16, 64, 256} {
		var peak spread
		request := body(api.Request{Language: "c", Source: greedy, Limits: api.Limits{MemoryMiB: mib}})
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
		fmt.Printf("memory limit %3d MiB, peak of a run that takes it as fast as it can, of the limit: %s\n", mib, peak)
	}
	return nil
}
