package sandbox

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Init prepares a worker process. It must be called once, before the first slot is created.
//
// The process becomes the subreaper, so that orphans of a run become its children and are reaped
// and charged. It stops being dumpable, so that a run under the same user id can read none of its
// files below /proc even without Landlock. SIGCHLD gets the kernel's default action instead of the
// Go runtime's handler, which would only wake another thread at the end of each run.
func Init() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of orphaned processes: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the process to others of its user: %w", err)
	}
	// struct sigaction with SIG_DFL and no flags; it is not longer than this on any architecture.
	var byDefault [4]uint64
	if _, _, errno := unix.Syscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0); errno != 0 {
		return fmt.Errorf("leave SIGCHLD to the kernel: %w", errno)
	}
	return nil
}
