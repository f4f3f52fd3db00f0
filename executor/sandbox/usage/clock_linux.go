package usage

import (
	"time"

	"golang.org/x/sys/unix"
)

// Clock is the CPU time that the processes have used, to the nanosecond and without what they waited for; false when one
// of them is gone. It asks the kernel's CPU clock of each process (clock_getcpuclockid(3)), which costs a hundredth of
// reading its files. Who has used no CPU has made no process, touched no memory and written no file.
func Clock(pids []int) (time.Duration, bool) {
	var sum time.Duration
	for _, pid := range pids {
		var t unix.Timespec
		if unix.ClockGettime(cpuClock(pid), &t) != nil {
			return 0, false
		}
		sum += time.Duration(t.Nano())
	}
	return sum, len(pids) > 0
}

// cpuClock is MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of Linux: the complement of the pid above three bits of kind.
func cpuClock(pid int) int32 { return ^int32(pid)<<3 | 2 }
