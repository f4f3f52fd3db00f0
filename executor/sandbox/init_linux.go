package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Init prepares a worker process, once, before its first slot: it becomes the subreaper, so that orphans of a run come to
// it to be reaped and charged, and stops being dumpable, so that a run under the same user id can read nothing of it below
// /proc even where Landlock is missing.
func Init() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become the reaper of orphaned processes: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the process to others of its user: %w", err)
	}
	return nil
}
