package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// timerSlack is how late the timers of the executor's own threads may be. The monitor's looks, the closest of what they keep, come
// every 20 to 32 ms with it (docs/adr/0026).
const timerSlack = 12 * time.Millisecond

// letTimersWait starts this program once more, in the same process, with timers that may wait. The Go
// runtime's watchdog sleeps for 20 microseconds at a time while anything works, and on a virtual machine each such timer
// costs a way to the hypervisor and back: an eighth of the throughput of short programs on the one this was tuned on. The
// watchdog's thread is there before any code of ours and only inherits its slack, hence the second start. Workers inherit
// theirs; slots, which keep wall times, set the kernel's default again.
func letTimersWait() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err == nil && time.Duration(slack) >= timerSlack {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0); err != nil {
		return fmt.Errorf("set the slack of timers: %w", err)
	}
	self, err := os.Executable()
	if err == nil {
		err = unix.Exec(self, os.Args, os.Environ())
	}
	return fmt.Errorf("start again with slack timers: %w", err)
}
