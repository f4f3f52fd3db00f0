package supervisor

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// reaper knows which children are workers. Every other child was handed to this process by the kernel, because its parent
// died: a run whose worker is gone, or, as PID 1 of a container, anything else. Those are reaped, and killed when a
// worker has died. Workers are subreapers themselves, so nothing arrives here while its worker lives.
type reaper struct {
	mu    sync.Mutex // held while a worker is being forked: an unknown child is an orphan only outside of it
	known map[int]*exec.Cmd
}

func newReaper() (*reaper, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the reaper of orphaned processes: %w", err)
	}
	return &reaper{known: map[int]*exec.Cmd{}}, nil
}

func (r *reaper) start(cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.known[cmd.Process.Pid] = cmd
	return nil
}

// wait reaps a worker. Its number may already be another worker's when wait comes to forget it.
func (r *reaper) wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[cmd.Process.Pid] == cmd {
		delete(r.known, cmd.Process.Pid)
	}
	return err
}

// reap collects the orphans that have ended by themselves.
func (r *reaper) reap() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	orphans, err := r.orphansLocked()
	for _, o := range orphans {
		o.wait()
	}
	return err
}

// kill ends every orphan with its process group and reaps it, until none is left or patience is over.
func (r *reaper) kill(patience time.Duration) error {
	for begun := time.Now(); ; {
		n, err := r.killOnce()
		if n == 0 || err != nil {
			return err
		}
		if time.Since(begun) > patience {
			return fmt.Errorf("%d processes of an ended worker do not die", n)
		}
		// SIGKILL takes effect when the process is scheduled next; there is nothing to wait on for a process group.
		time.Sleep(2 * time.Millisecond)
	}
}

// killOnce says how many there were. The children of those arrive when they die, so only a look that finds none is the last.
func (r *reaper) killOnce() (found int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	orphans, err := r.orphansLocked()
	for _, o := range orphans {
		if o.group > 1 && o.group != unix.Getpgrp() && r.known[o.group] == nil {
			_ = unix.Kill(-o.group, unix.SIGKILL) // one signal for the whole tree leaves it no time to fork
		}
		_ = unix.Kill(o.pid, unix.SIGKILL) // ESRCH: it is a zombie or gone, as wished
		o.wait()
	}
	return len(orphans), err
}

type orphan struct{ pid, group int }

// wait reaps the orphan if it has ended; if not, the next look finds it again.
func (o orphan) wait() { _, _ = unix.Wait4(o.pid, nil, unix.WNOHANG, nil) }

func (r *reaper) orphansLocked() ([]orphan, error) {
	candidates, err := children()
	if err != nil {
		candidates, err = everybody()
	}
	if err != nil {
		return nil, fmt.Errorf("look for orphaned processes: %w", err)
	}
	self := os.Getpid()
	var orphans []orphan
	for _, pid := range candidates {
		if r.known[pid] != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue // it has ended meanwhile
		}
		if parent, group, ok := parseStat(stat); ok && parent == self {
			orphans = append(orphans, orphan{pid, group})
		}
	}
	return orphans, nil
}

// children lists the children of every thread of this process. It fails on a kernel without such lists
// (CONFIG_PROC_CHILDREN), and when a thread ends meanwhile, which hands its children to another. A list read while a
// worker is being reaped may lack one, which the cleaning up after that worker then finds.
func children() ([]int, error) {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, thread := range threads {
		list, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		if err != nil {
			return nil, err
		}
		for field := range bytes.FieldsSeq(list) {
			pid, err := strconv.Atoi(string(field))
			if err != nil {
				return nil, err
			}
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// everybody lists all processes there are: on a node, that takes milliseconds in which no submission is handed on.
func everybody() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// parseStat reads parent and process group out of /proc/PID/stat: "pid (name) state ppid pgrp ...". The name may hold
// spaces and parentheses, so what counts is after the last one.
func parseStat(stat []byte) (parent, group int, ok bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 3 {
		return 0, 0, false
	}
	parent, err1 := strconv.Atoi(string(fields[1]))
	group, err2 := strconv.Atoi(string(fields[2]))
	return parent, group, err1 == nil && err2 == nil
}
