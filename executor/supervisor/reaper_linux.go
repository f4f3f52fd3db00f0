package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/sandbox/procfs"
)

// reaper reaps the children of this process and kills orphans. It knows which children are workers.
// Every other child is an orphan: the kernel made it a child of this process because its parent had
// ended. It is a run of an ended worker or, when this process is PID 1 of a container, anything
// else. Workers are subreapers, so the orphans of a live worker do not arrive here.
type reaper struct {
	mu      sync.Mutex // held during the fork of a worker, when an unknown child may be that worker
	workers map[int]*exec.Cmd
}

func newReaper() (*reaper, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the reaper of orphaned processes: %w", err)
	}
	return &reaper{workers: map[int]*exec.Cmd{}}, nil
}

func (r *reaper) start(cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.workers[cmd.Process.Pid] = cmd
	return nil
}

// wait waits for the end of a worker and reaps it. By the time wait removes the process id from
// workers, the id may belong to another worker already.
func (r *reaper) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.workers[cmd.Process.Pid] == cmd {
		delete(r.workers, cmd.Process.Pid)
	}
	return err
}

// reap reaps the orphans that have ended.
func (r *reaper) reap() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	orphans, err := r.orphansLocked()
	for _, o := range orphans {
		o.reap()
	}
	return err
}

// killOrphans kills and reaps every orphan with its process group. It returns an error when orphans
// are left after timeout.
func (r *reaper) killOrphans(timeout time.Duration) error {
	for begun := time.Now(); ; {
		n, err := r.killOnce()
		if n == 0 || err != nil {
			return err
		}
		if time.Since(begun) > timeout {
			return fmt.Errorf("%d processes of an ended worker are still alive", n)
		}
		// SIGKILL takes effect when the kernel next schedules the process. There is no event to
		// wait for, because the members of the group are not children of this process.
		time.Sleep(2 * time.Millisecond)
	}
}

// killOnce kills the orphans and returns their number. When an orphan ends, its children become
// orphans, so that only a call that finds none is the last.
func (r *reaper) killOnce() (found int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	orphans, err := r.orphansLocked()
	for _, o := range orphans {
		if o.group > 1 && o.group != unix.Getpgrp() && r.workers[o.group] == nil {
			_ = unix.Kill(-o.group, unix.SIGKILL) // one signal for the whole group leaves it no time to fork
		}
		_ = unix.Kill(o.pid, unix.SIGKILL) // an error means that it has ended
		o.reap()
	}
	return len(orphans), err
}

type orphan struct{ pid, group int }

// reap reaps the orphan if it has ended. Otherwise, the next call of orphansLocked finds it again.
func (o orphan) reap() { _, _ = unix.Wait4(o.pid, nil, unix.WNOHANG, nil) }

func (r *reaper) orphansLocked() ([]orphan, error) {
	self := os.Getpid()
	// The list may miss a child while a worker is reaped. killOrphans, which runs after the end of
	// each worker, then finds it.
	candidates, err := procfs.Children(self)
	if err != nil {
		// On a node this takes milliseconds, in which no slot gets an assignment.
		candidates, err = procfs.Processes()
	}
	if err != nil {
		return nil, fmt.Errorf("look for orphaned processes: %w", err)
	}
	var orphans []orphan
	for _, pid := range candidates {
		if r.workers[pid] != nil {
			continue
		}
		stat, err := procfs.ReadStat(pid)
		if err == nil && stat.Parent == self { // after an error the process has ended
			orphans = append(orphans, orphan{pid, stat.Group})
		}
	}
	return orphans, nil
}
