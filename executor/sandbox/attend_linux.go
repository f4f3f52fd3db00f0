package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

// run is a process tree between its start and its last process's end.
type run struct {
	group  int
	limits Limits
	slot   *Slot

	walking  sync.Mutex // held while the monitor walks the box, which must not outlive the run
	mu       sync.Mutex
	over     bool // the group may be gone and its number another's: no signal after this
	exceeded map[Limit]string
	memory   int64
	cpu      time.Duration
}

// stop records the limit that was passed and kills the tree. Stopped processes die of SIGKILL too, and a fork that is under
// way when the group is signalled does not escape it: the kernel checks for signals under the lock that adds the child.
func (r *run) stop(limit Limit, cause string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	r.note(limit, cause)
	// ESRCH means that the main process is a zombie about to be waited for, which is what is wanted.
	_ = unix.Kill(-r.group, unix.SIGKILL)
}

func (r *run) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.over
}

// note keeps the first cause of each limit.
func (r *run) note(limit Limit, cause string) {
	if _, known := r.exceeded[limit]; !known {
		r.exceeded[limit] = cause
	}
}

// observe takes the monitor's sample.
func (r *run) observe(cpu time.Duration, memory int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cpu = max(r.cpu, cpu)
	r.memory = max(r.memory, memory)
}

// attend watches over a started tree until its last process is reaped.
func (s *Slot) attend(ctx context.Context, spec Spec, pid int, pipes *pipes, begin time.Time) (Result, error) {
	pipes.closeChild()
	r := &run{group: pid, limits: spec.Limits, slot: s, exceeded: map[Limit]string{}}
	// Most runs end before the monitor's first look; this is then all that is known of their memory.
	r.observe(0, usage.Resident(pid))
	watching.add(r)

	var result Result
	var streams sync.WaitGroup
	overflow := func(name string) func() {
		return func() {
			r.stop(OutputLimit, fmt.Sprintf("output limit %d KiB on %s, killed by the executor", spec.Limits.Output>>10, name))
		}
	}
	streams.Go(func() {
		result.Stdout, result.StdoutTruncated = collect(pipes.ours[1], spec.Limits.Output, overflow("stdout"))
	})
	streams.Go(func() {
		result.Stderr, result.StderrTruncated = collect(pipes.ours[2], spec.Limits.Output, overflow("stderr"))
	})
	fed := make(chan error, 1)
	if to := pipes.ours[0]; to != nil {
		go func() { fed <- feed(to, spec.Stdin) }()
	}
	wall := time.AfterFunc(spec.Limits.Wall-time.Since(begin), func() {
		r.stop(WallLimit, fmt.Sprintf("wall limit %d ms, killed by the executor", spec.Limits.Wall.Milliseconds()))
	})
	release := context.AfterFunc(ctx, func() {
		r.stop(Cancelled, fmt.Sprintf("%v, killed by the executor", context.Cause(ctx)))
	})

	status, charged, err := r.finish()
	wall.Stop()
	release()
	watching.remove(r)
	r.walking.Lock()
	//nolint:staticcheck // waiting for a walk that had begun is the point
	r.walking.Unlock()
	result.Wall = time.Since(begin)
	if pipes.ours[0] != nil {
		// Nobody is left to read; a feeder that still waits for room must not wait on. One that waits for its reader ends
		// when that does; the run's answer does not wait for it.
		pipes.ours[0].Close()
	}
	streams.Wait()
	select {
	case feeding := <-fed:
		err = errors.Join(err, feeding)
	default:
	}
	if err != nil {
		return Result{}, fmt.Errorf("attend the run: %w", err)
	}
	r.conclude(&result, spec, status, charged)
	return result, nil
}

// treeUsage is what the kernel charged to the tree.
type treeUsage struct {
	cpu time.Duration
	rss int64 // of the largest process; 0 when the kernel cannot tell it from the executor's own
}

// finish waits for the main process, kills what it left and reaps the group to the last member. Orphans become children of
// this process, the subreaper, before their parent can be reaped; so when no child of the group is left, no member is.
func (r *run) finish() (unix.WaitStatus, treeUsage, error) {
	var total treeUsage
	for {
		// WNOWAIT keeps the zombie, and with it the group's number, until nothing signals the group any more.
		err := unix.Waitid(unix.P_PID, r.group, nil, unix.WEXITED|unix.WNOWAIT|unix.WALL, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, total, fmt.Errorf("wait for the run: %w", err)
		}
	}
	r.mu.Lock()
	r.over = true
	_ = unix.Kill(-r.group, unix.SIGKILL)
	r.mu.Unlock()

	var main unix.WaitStatus
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := unix.Wait4(-r.group, &status, unix.WALL, &usage)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			total.rss = ownRSS(total.rss)
			return main, total, nil
		case err != nil:
			return main, total, fmt.Errorf("reap the run: %w", err)
		default:
			if pid == r.group {
				main = status
			}
			total.cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
			total.rss = max(total.rss, usage.Maxrss<<10)
		}
	}
}

// ownRSS drops a maximum that may be this process's: a forked child's record begins with its parent's size (Linux,
// exec_mmap), so only what is above that is the run's for certain.
func ownRSS(rss int64) int64 {
	var self unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &self); err != nil || rss <= self.Maxrss<<10 {
		return 0
	}
	return rss
}
