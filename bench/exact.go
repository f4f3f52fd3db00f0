package main

import (
	"errors"
	"fmt"
	"os/exec"
	"sync"

	"executorpool.dev/executor/api"
)

// cpu is the spread of the CPU time of one program that always does the same, alone and beside a busy slot. Alone it takes turns
// with the same program with nothing around it, whose spread is the machine's.
func (b *bench) cpu() error {
	second := encoded(api.Request{Language: "c", Source: text("second.c")})
	for _, busy := range []bool{false, true} {
		// A connection that rests for long is closed.
		c, err := b.executor.connect()
		if err != nil {
			return err
		}
		defer c.conn.Close()
		other, err := b.executor.connect()
		if err != nil {
			return err
		}
		defer other.conn.Close()
		var all sync.WaitGroup
		var times, bare spread
		errs := make([]error, 2)
		rounds := b.rounds(40)
		if busy {
			all.Go(func() {
				for range rounds {
					if _, err := other.result(second); err != nil {
						errs[1] = err
						return
					}
				}
			})
		}
		for range rounds {
			result, err := c.result(second)
			if err == nil && result.Verdict != api.OK {
				err = fmt.Errorf("got %+v", result)
			}
			if err != nil {
				errs[0] = err
				break
			}
			times = append(times, float64(result.Runs[0].CPUMillis))
			if busy {
				continue
			}
			alone := exec.Command(b.path("second"))
			if errs[0] = alone.Run(); errs[0] != nil {
				break
			}
			bare = append(bare, float64((alone.ProcessState.UserTime() + alone.ProcessState.SystemTime()).Milliseconds()))
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		fmt.Printf("CPU time of a fixed program, other slot busy %-5v: %s\n", busy, times.exactness())
		if !busy {
			fmt.Printf("CPU time of the same with nothing around it:        %s\n", bare.exactness())
		}
	}
	return nil
}

// exactness is of times in milliseconds.
func (s spread) exactness() string {
	return fmt.Sprintf("median %.0f ms, p95-p5 %.1f %% (%d runs)", s.at(0.5), 100*(s.at(0.95)-s.at(0.05))/s.at(0.5), len(s))
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
