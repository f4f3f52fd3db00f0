package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/sandbox/spawn"
	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

// alone is how long a run is left alone with its pipes, which hold 64 KiB each: most runs of a contest end within it, and
// cost one wait. Nor can one write more than 8 MB in it, so its files need no measuring.
const alone = 4 * time.Millisecond

// A run is left alone for breath after each small piece of output, less than small bytes, and after the end of a stream: one that
// flushes each line would be interrupted for each, and one that ends closes its streams and ends at once. What it can write
// meanwhile the pipe holds, or it waits for the rest of the time, once: what comes then is not small.
const (
	breath = 2 * time.Millisecond
	small  = pipeSize / 4
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
func (s *Slot) attend(ctx context.Context, spec Spec, child spawn.Child, pipes *pipes, begin time.Time) (Result, error) {
	pipes.closeChild()
	r := &run{group: child.PID, limits: spec.Limits, slot: s, exceeded: map[Limit]string{}}
	if !s.config.has(WallClock) {
		r.limits.Wall = 24 * time.Hour
	}
	if !s.config.has(OutputBound) {
		r.limits.Output = 1 << 40
	}
	watching.started(r)
	release := context.AfterFunc(ctx, func() {
		r.stop(Cancelled, fmt.Sprintf("%v, killed by the executor", context.Cause(ctx)))
	})
	var outputs [2]output
	failed := r.accompany(child.FD, pipes, &outputs, begin)
	if failed != nil {
		r.stop(Cancelled, failed.Error())
	}
	status, charged, err := r.finish()
	release()
	watching.remove(r)
	r.walking.Lock()
	//nolint:staticcheck // waiting for a walk that had begun is the point
	r.walking.Unlock()
	result := Result{Wall: time.Since(begin)}
	for i := range outputs {
		// Everybody who could write is gone: what is there now is all.
		if pipes.ours[i+1] >= 0 && failed == nil && !outputs[i].truncated {
			_, failed = outputs[i].read(pipes.ours[i+1], r.limits.Output, s.buffer)
		}
		if outputs[i].truncated {
			r.note(OutputLimit, r.overflow(i))
		}
	}
	if err := errors.Join(err, failed); err != nil {
		return Result{}, fmt.Errorf("attend the run: %w", err)
	}
	if result.Wall >= alone && s.config.has(TreeLimits) && s.Box.Measure(MaxEntries).Bytes > r.limits.Disk {
		r.note(DiskLimit, fmt.Sprintf("disk limit %d MiB", r.limits.Disk>>20))
	}
	result.Stdout, result.StdoutTruncated = outputs[0].data, outputs[0].truncated
	result.Stderr, result.StderrTruncated = outputs[1].data, outputs[1].truncated
	r.conclude(&result, spec, status, charged)
	return result, nil
}

// accompany moves input and output and keeps the wall time until the main process has ended.
func (r *run) accompany(process int, pipes *pipes, outputs *[2]output, begin time.Time) error {
	end := begin.Add(r.limits.Wall)
	weigh := begin.Add(r.room(0))
	watched := false
	listen := begin // when outputs are listened to
	if pipes.ours[0] < 0 {
		listen = begin.Add(alone)
	}
	for {
		now := time.Now()
		if !now.Before(weigh) {
			weigh = now.Add(r.weigh())
		}
		elapsed := now.Sub(begin)
		if !watched && elapsed >= interval {
			watched = true
			if r.slot.config.has(TreeLimits) {
				watching.add(r)
			}
		}
		if !now.Before(end) {
			r.stop(WallLimit, fmt.Sprintf("wall limit %d ms, killed by the executor", r.limits.Wall.Milliseconds()))
			return nil
		}
		wait := min(end.Sub(now), weigh.Sub(now))
		fds := [4]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}, {Fd: -1}, {Fd: -1}, {Fd: -1}}
		if !watched {
			wait = min(wait, interval-elapsed)
		}
		fds[1] = unix.PollFd{Fd: int32(pipes.ours[0]), Events: unix.POLLOUT}
		if still := listen.Sub(now); still > 0 {
			wait = min(wait, still)
		} else {
			for i := range outputs {
				if !outputs[i].truncated {
					fds[2+i] = unix.PollFd{Fd: int32(pipes.ours[1+i]), Events: unix.POLLIN}
				}
			}
		}
		timeout := unix.NsecToTimespec(wait.Nanoseconds())
		if _, err := unix.Ppoll(fds[:], &timeout, nil); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return fmt.Errorf("wait for the run: %w", err)
		}
		if fds[0].Revents != 0 {
			return nil
		}
		if fds[1].Revents != 0 {
			if err := pipes.feed(); err != nil {
				return err
			}
		}
		for i := range outputs {
			if fds[2+i].Revents == 0 {
				continue
			}
			before := len(outputs[i].data)
			open, err := outputs[i].read(pipes.ours[1+i], r.limits.Output, r.slot.buffer)
			if err != nil {
				return err
			}
			if !open {
				shut(&pipes.ours[1+i])
			}
			if len(outputs[i].data)-before < small {
				listen = time.Now().Add(breath)
			}
			if outputs[i].truncated {
				r.stop(OutputLimit, r.overflow(i)+", killed by the executor")
			}
		}
	}
}

// fillRate is how fast a program is taken to fill memory, in bytes a second: large pages are given out at 6 GB/s on the
// machine this was tuned on.
const fillRate = 8 << 30

// room is how long a program takes at least to go from so much memory to a quarter past its limit.
func (r *run) room(used int64) time.Duration {
	left := float64(r.limits.Memory)*1.25 - float64(used)
	return max(500*time.Microsecond, time.Duration(left/fillRate*float64(time.Second)))
}

// weigh holds the main process to the memory limit between the monitor's looks, which are too rare for small limits, and
// says when to look again.
func (r *run) weigh() time.Duration {
	if !r.slot.config.has(TreeLimits) {
		return time.Hour
	}
	used := usage.Resident(r.group)
	if used > r.limits.Memory {
		// What is shared counts for less; the exact figure decides.
		scanner, err := usage.NewScanner()
		if err != nil {
			return r.room(used)
		}
		defer scanner.Close()
		used = scanner.Proportional([]int{r.group})
	}
	r.observe(0, used)
	if used > r.limits.Memory {
		r.stop(MemoryLimit, fmt.Sprintf("memory limit %d MiB, killed by the executor", r.limits.Memory>>20))
	}
	return r.room(used)
}

func (r *run) overflow(stream int) string {
	return fmt.Sprintf("output limit %d KiB on %s", r.limits.Output>>10, [...]string{"stdout", "stderr"}[stream])
}

// treeUsage is what the kernel charged to the tree.
type treeUsage struct {
	cpu time.Duration
	rss int64 // of the largest process; 0 when the kernel cannot tell it from the executor's own
	// touched is the memory that the processes asked the kernel for page by page: what is known of runs that end before
	// anybody looks. What is given back and asked for again counts again, and a fault may bring several pages.
	touched int64
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
	options := unix.WALL
	if r.slot.config.has(TreeKill) {
		_ = unix.Kill(-r.group, unix.SIGKILL)
	} else {
		options |= unix.WNOHANG
	}
	r.mu.Unlock()

	var main unix.WaitStatus
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := unix.Wait4(-r.group, &status, options, &usage)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD) || err == nil && pid == 0:
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
			total.touched += usage.Minflt * int64(unix.Getpagesize())
		}
	}
}

// ownMost is the largest this process is known to have been; it only grows.
var ownMost atomic.Int64

// ownRSS drops a maximum that may be this process's: a forked child's record begins with its parent's size (Linux,
// exec_mmap), so only what is above that is the run's for certain.
func ownRSS(rss int64) int64 {
	if rss <= ownMost.Load() {
		return 0
	}
	var self unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &self); err != nil {
		return 0
	}
	ownMost.Store(self.Maxrss << 10)
	if rss <= self.Maxrss<<10 {
		return 0
	}
	return rss
}
