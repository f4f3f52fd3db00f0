package main

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// timerSlack is the largest delay of the timers of the executor's own threads. The shortest of
// them, the interval of the sandbox's monitor, becomes 20 to 32 ms (docs/adr/0026).
const timerSlack = 12 * time.Millisecond

// setTimerSlack executes this program again, in the same process, with a timer slack of timerSlack.
//
// While the process is busy, the Go runtime's monitor thread (sysmon) sleeps for 20 microseconds at
// a time. On a virtual machine each such timer is an exit to the hypervisor, which cost an eighth
// of the throughput of short programs in the measurement of docs/adr/0026. The thread starts before
// main and inherits its slack, so only a second execution changes it. Workers inherit the slack;
// slots, which measure wall times, restore the kernel's default.
func setTimerSlack() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err == nil && time.Duration(slack) >= timerSlack {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(timerSlack), 0, 0, 0); err != nil {
		return fmt.Errorf("set the timer slack: %w", err)
	}
	self, err := os.Executable()
	if err == nil {
		err = unix.Exec(self, os.Args, os.Environ())
	}
	return fmt.Errorf("execute the executor again with timer slack: %w", err)
}
