package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Priority is how the kernel schedules a process. An unprivileged process can lower it and never
// raise it again, and new processes inherit it. An executor with the priority of its runs would
// notice limits too late.
type Priority struct {
	Policy int // a SCHED_ constant
	Nice   int
	CPUs   int // the number of CPUs that the process may use
}

// CurrentPriority returns the priority of the calling thread.
func CurrentPriority() (Priority, error) {
	attributes, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return Priority{}, fmt.Errorf("read the scheduling policy: %w", err)
	}
	var cpus unix.CPUSet
	if err := unix.SchedGetaffinity(0, &cpus); err != nil {
		return Priority{}, fmt.Errorf("read the CPU affinity: %w", err)
	}
	return Priority{Policy: int(attributes.Policy), Nice: int(attributes.Nice), CPUs: cpus.Count()}, nil
}

// Check returns an error if the calling thread has a lower priority than p.
func (p Priority) Check() error {
	now, err := CurrentPriority()
	if err != nil {
		return err
	}
	if now.Policy != p.Policy || now.Nice > p.Nice || now.CPUs < p.CPUs {
		return fmt.Errorf("the priority of the executor was lowered from %+v to %+v, and only a new container can raise it: restart the container", p, now)
	}
	return nil
}
