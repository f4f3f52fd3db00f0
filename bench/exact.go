package main

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"
	"sync/atomic"

	"executorpool.dev/executor/api"
)

// cpu is the spread of the CPU time of one program that always does the same: alone, then with nothing around it, which is the
// machine's own, then beside a busy slot. Each is a row without pauses and not in turn with another, for a processor's clock
// drifts: a row twice as long holds more of the drift, which is not the measurement's.
func (b *bench) cpu() error {
	second := encoded(api.Request{Language: "c", Source: text("second.c")})
	submitted := func(c *client) (float64, error) {
		result, err := c.result(second)
		if err == nil && result.Verdict != api.OK {
			err = fmt.Errorf("got %+v", result)
		}
		if err != nil {
			return 0, err
		}
		return float64(result.Runs[0].CPUMillis), nil
	}
	row := func(name string, measure func() (float64, error)) error {
		var times spread
		for range b.rounds(40) {
			millis, err := measure()
			if err != nil {
				return err
			}
			times = append(times, millis)
		}
		fmt.Printf("CPU time of a fixed program, %-25s median %.0f ms, p95-p5 %.1f %% (%d runs)\n",
			name+":", times.at(0.5), 100*(times.at(0.95)-times.at(0.05))/times.at(0.5), len(times))
		return nil
	}
	c, err := b.executor.connect()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	if err := row("alone", func() (float64, error) { return submitted(c) }); err != nil {
		return err
	}
	if err := row("with nothing around it", func() (float64, error) {
		bare := exec.Command(b.path("second"))
		err := bare.Run()
		return float64((bare.ProcessState.UserTime() + bare.ProcessState.SystemTime()).Microseconds()) / 1000, err
	}); err != nil {
		return err
	}
	// A connection that rests for long is closed.
	first, err := b.executor.connect()
	if err != nil {
		return err
	}
	defer first.conn.Close()
	other, err := b.executor.connect()
	if err != nil {
		return err
	}
	defer other.conn.Close()
	var all sync.WaitGroup
	var failed error
	var done atomic.Bool
	all.Go(func() {
		for failed == nil && !done.Load() {
			_, failed = submitted(other)
		}
	})
	err = row("beside a busy slot", func() (float64, error) { return submitted(first) })
	done.Store(true)
	all.Wait()
	return errors.Join(err, failed)
}

// limits are how far past its limit a run gets.
func (b *bench) limits() error {
	c, err := b.executor.connect()
	if err != nil {
		return err
	}
	defer c.conn.Close()
	var late spread
	deaf := "#include <signal.h>\n#include <unistd.h>\nint main(void) { for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause(); }"
	request := encoded(api.Request{Language: "c", Source: deaf, Limits: api.Limits{WallMillis: 100}})
	for range b.rounds(200) {
		result, err := c.result(request)
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
		request := encoded(api.Request{Language: "c", Source: greedy, Limits: api.Limits{MemoryMiB: mib}})
		for range b.rounds(40) {
			result, err := c.result(request)
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
