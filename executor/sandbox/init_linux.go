package sandbox

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Init prepares a worker process, once, before its first slot: it becomes the subreaper, so that orphans of a run come to
// it to be reaped and charged, and stops being dumpable, so that a run under the same user id can read nothing of it below
// /proc even where Landlock is missing. It also takes SIGCHLD back from the Go runtime, whose handler does nothing with it but
// wake another thread at the end of each run: the kernel's default drops the signal, and who waits for a run waits for it.
func Init() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of orphaned processes: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the process to others of its user: %w", err)
	}
	// struct sigaction with SIG_DFL, without flags; it is no longer than this on any architecture.
	var byDefault [4]uint64
	if _, _, errno := unix.Syscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0); errno != 0 {
		return fmt.Errorf("leave SIGCHLD to the kernel: %w", errno)
	}
	return nil
}
