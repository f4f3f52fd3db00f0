package process

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultGrace is the time that a program has to end after SIGTERM, before SIGKILL.
const DefaultGrace = 10 * time.Second

// Stop ends the recorded program, with SIGTERM and after grace with SIGKILL, and removes its
// record. Stop returns nil if the program does not run.
func (t Table) Stop(name string, grace time.Duration) error {
	record, running := t.Running(name)
	if running {
		if err := stop(record.PID, record.alive, grace); err != nil {
			return fmt.Errorf("stop %s (process %d): %w", name, record.PID, err)
		}
	}
	return t.forget(name)
}

// StopAll ends the recorded program and all processes without a record that have the same argument
// list.
func (t Table) StopAll(c Command, grace time.Duration) error {
	return errors.Join(t.Stop(c.Name, grace), t.stopOrphans(c))
}

// StopPID ends the process. The caller has found that the process belongs to the cluster. StopPID
// calls confirm once the process id can no longer be reused, and does nothing if confirm returns
// false.
func StopPID(pid int, confirm func() bool, grace time.Duration) error {
	return stop(pid, confirm, grace)
}

// stop sends signals through a descriptor of the process (pidfd_open, Linux 5.3). After confirm has
// succeeded, the descriptor stays bound to this process, even if its id is reused.
func stop(pid int, confirm func() bool, grace time.Duration) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process: %w", err)
	}
	defer unix.Close(fd)
	if !confirm() {
		return nil
	}
	if grace > 0 {
		if err := signal(fd, unix.SIGTERM); err != nil {
			return err
		}
		if ended, err := ended(fd, grace); ended || err != nil {
			return err
		}
	}
	if err := signal(fd, unix.SIGKILL); err != nil {
		return err
	}
	const afterKill = 20 * time.Second
	done, err := ended(fd, afterKill)
	if err == nil && !done {
		err = fmt.Errorf("it still runs %s after SIGKILL; it may be stuck in the kernel: see its /proc/%d/stack", afterKill, pid)
	}
	return err
}

func signal(fd int, sig unix.Signal) error {
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("send %s: %w", sig, err)
	}
	return nil
}

// ended waits until the process has ended, and reports whether it did within the time. The
// descriptor of a process becomes readable when the process ends.
func ended(fd int, within time.Duration) (bool, error) {
	deadline := time.Now().Add(within)
	for {
		left := time.Until(deadline)
		if left < 0 {
			return false, nil
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(left.Milliseconds())+1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return false, fmt.Errorf("wait for the process: %w", err)
		}
		if n > 0 {
			return true, nil
		}
	}
}
