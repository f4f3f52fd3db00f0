package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/sandbox/spawn"
	"golang.org/x/sys/unix"
)

// undisturbed is the time after a run's start in which its output is not read. Most runs of a
// contest end within this time, and the thread then waits once for the whole run. The pipes hold
// 64 KiB each meanwhile. A run cannot write more than 8 MB in this time, so the files of a
// shorter run are not measured.
const undisturbed = 4 * time.Millisecond

// readPause is the time in which output is not read after a small read (less than smallOutput
// bytes) and after the end of a stream. Without the pause, a run that flushes each line would
// wake the slot's thread once a line. The pipe holds what the run writes during the pause; a run
// that fills the pipe waits for the rest of the pause, and the next read is not small.
const (
	readPause   = 2 * time.Millisecond
	smallOutput = pipeSize / 4
)

// run is a process tree from its start until its last process is reaped.
type run struct {
	group  int
	limits Limits
	slot   *Slot

	disk   diskInspection
	memory memoryInspection
	// executed is set when the main process was seen to have executed its program.
	executed atomic.Bool

	mu       sync.Mutex
	reaped   bool // the process group may be gone and its id reused: no signal may be sent any more
	exceeded map[Limit]string
	share    share
	peak     int64 // resident memory in bytes
	cpu      time.Duration
}

// stop records the exceeded limit and kills the process tree. SIGKILL also ends stopped
// processes. A concurrent fork does not escape: the kernel checks for pending signals under the
// lock that adds the child to the group.
func (r *run) stop(limit Limit, cause string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped {
		return
	}
	r.record(limit, cause)
	// ESRCH means that the main process is a zombie that is about to be reaped.
	_ = unix.Kill(-r.group, unix.SIGKILL)
}

func (r *run) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reaped
}

// record keeps the first cause of each limit.
func (r *run) record(limit Limit, cause string) {
	if _, known := r.exceeded[limit]; !known {
		r.exceeded[limit] = cause
	}
}

// addSample merges a sample of the monitor: CPU time and resident memory of the tree, in bytes.
func (r *run) addSample(cpu time.Duration, memory int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reaped {
		return // the process ids may belong to others
	}
	r.cpu = max(r.cpu, cpu)
	r.peak = max(r.peak, memory)
}

// newRun returns the run of a started process tree.
func (s *Slot) newRun(child spawn.Child, spec Spec) *run {
	r := &run{group: child.PID, limits: spec.Limits, slot: s, exceeded: map[Limit]string{},
		share: share{limit: spec.Share, lock: -1, file: -1}}
	if !s.config.has(WallClock) {
		r.limits.Wall = 24 * time.Hour
	}
	if !s.config.has(OutputBound) {
		r.limits.Output = 1 << 40
	}
	return r
}

// supervise watches a started process tree, enforces its limits and returns its result after the
// last process is reaped. An error is a failure of the executor.
func (r *run) supervise(ctx context.Context, spec Spec, child spawn.Child, pipes *pipes, begin time.Time) (Result, error) {
	s := r.slot
	pipes.closeChild()
	treeMonitor.register(r)
	release := context.AfterFunc(ctx, func() {
		r.stop(Cancelled, fmt.Sprintf("%v, killed by the executor", context.Cause(ctx)))
	})
	var outputs [2]output
	failed := r.waitForMain(child.FD, pipes, &outputs, begin)
	if failed != nil {
		r.stop(Cancelled, failed.Error())
	}
	status, charged, err := r.reap()
	release()
	treeMonitor.remove(r)
	r.releaseShare()
	result := Result{Wall: time.Since(begin)}
	r.disk.wait()
	for i := range outputs {
		// All writers are gone: the pipe holds the rest of the output.
		if pipes.parent[i+1] >= 0 && failed == nil && !outputs[i].truncated {
			_, failed = outputs[i].read(pipes.parent[i+1], r.limits.Output, s.buffer)
		}
		if outputs[i].truncated {
			r.record(OutputLimit, r.outputCause(i))
		}
	}
	if err := errors.Join(err, failed); err != nil {
		return Result{}, fmt.Errorf("supervise the run: %w", err)
	}
	if result.Wall >= undisturbed && s.config.has(TreeLimits) && s.Box.Measure(MaxEntries).Bytes > r.limits.Disk {
		r.record(DiskLimit, fmt.Sprintf("disk limit %d MiB", r.limits.Disk>>20))
	}
	result.Stdout, result.StdoutTruncated = outputs[0].data, outputs[0].truncated
	result.Stderr, result.StderrTruncated = outputs[1].data, outputs[1].truncated
	r.classify(&result, spec, status, charged)
	return result, nil
}

// waitForMain moves input and output and enforces the wall, output and memory limits until the
// main process ends.
func (r *run) waitForMain(process int, pipes *pipes, outputs *[2]output, begin time.Time) error {
	end := begin.Add(r.limits.Wall)
	checkMemory := begin.Add(r.untilMemoryCheck(0))
	main := []int{r.group}
	watched := false
	nextRead := begin // the time from which output is polled
	if pipes.parent[0] < 0 {
		nextRead = begin.Add(undisturbed)
	}
	for {
		end = end.Add(r.pausedFor())
		now := time.Now()
		if !now.Before(checkMemory) {
			checkMemory = now.Add(r.untilMemoryCheck(r.checkMemory(main)))
		}
		elapsed := now.Sub(begin)
		if !watched && elapsed >= sampleInterval {
			watched = true
			if r.slot.config.has(TreeLimits) {
				treeMonitor.add(r)
			}
		}
		if !now.Before(end) {
			r.stop(WallLimit, r.wallCause())
			return nil
		}
		wait := min(end.Sub(now), checkMemory.Sub(now))
		if !watched {
			wait = min(wait, sampleInterval-elapsed)
		}
		if r.isPaused() {
			wait = min(wait, pauseInterval)
		}
		pause := nextRead.Sub(now)
		if pause > 0 {
			wait = min(wait, pause)
		}
		fds := pollSet(process, pipes, outputs, pause <= 0)
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
			if err := pipes.writeInput(); err != nil {
				return err
			}
		}
		small, err := r.readOutputs(fds[2:], pipes, outputs)
		if err != nil {
			return err
		}
		if small {
			nextRead = time.Now().Add(readPause)
		}
	}
}

// pollSet returns the descriptors to poll: the process, its stdin and, if read is set, those of
// its outputs that are within their limit. A descriptor of -1 is ignored.
func pollSet(process int, pipes *pipes, outputs *[2]output, read bool) [4]unix.PollFd {
	fds := [4]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}, {Fd: int32(pipes.parent[0]), Events: unix.POLLOUT},
		{Fd: -1}, {Fd: -1}}
	for i := range outputs {
		if read && !outputs[i].truncated {
			fds[2+i] = unix.PollFd{Fd: int32(pipes.parent[1+i]), Events: unix.POLLIN}
		}
	}
	return fds
}

// readOutputs reads the streams that are ready and enforces the output limit. It reports whether
// it read little of one of them.
func (r *run) readOutputs(ready []unix.PollFd, pipes *pipes, outputs *[2]output) (small bool, err error) {
	for i := range outputs {
		if ready[i].Revents == 0 {
			continue
		}
		before := len(outputs[i].data)
		open, err := outputs[i].read(pipes.parent[1+i], r.limits.Output, r.slot.buffer)
		if err != nil {
			return false, err
		}
		if !open {
			closeFD(&pipes.parent[1+i])
		}
		small = small || len(outputs[i].data)-before < smallOutput
		if outputs[i].truncated {
			r.stop(OutputLimit, r.outputCause(i)+", killed by the executor")
		}
	}
	return small, nil
}

func (r *run) outputCause(stream int) string {
	return fmt.Sprintf("output limit %d KiB on %s", r.limits.Output>>10, [...]string{"stdout", "stderr"}[stream])
}

// charges is what the kernel accounted to the reaped processes of a tree.
type charges struct {
	cpu time.Duration
	rss int64 // maximum resident set of the largest process; 0 if it may be the executor's own
	// faulted is the sum of the pages that the processes faulted in, in bytes. It is the only
	// figure for runs that end before the first sample. It is an estimate: memory that is
	// released and requested again counts twice, and one fault may map several pages.
	faulted int64
}

// reap waits for the main process, kills the rest of the group and reaps every member. Orphans
// become children of this process, the subreaper, before their parent can be reaped. So no member
// is left when no child of the group is left.
func (r *run) reap() (unix.WaitStatus, charges, error) {
	var total charges
	for {
		// WNOWAIT keeps the zombie, and with it the group id, until no more signals are sent.
		err := unix.Waitid(unix.P_PID, r.group, nil, unix.WEXITED|unix.WNOWAIT|unix.WALL, nil)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, total, fmt.Errorf("wait for the run: %w", err)
		}
	}
	r.mu.Lock()
	r.reaped = true
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
			total.rss = dropExecutorRSS(total.rss)
			return main, total, nil
		case err != nil:
			return main, total, fmt.Errorf("reap the run: %w", err)
		default:
			if pid == r.group {
				main = status
			}
			total.cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
			total.rss = max(total.rss, usage.Maxrss<<10)
			total.faulted += usage.Minflt * int64(unix.Getpagesize())
		}
	}
}

// executorMaxRSS is the known maximum resident set of this process, in bytes.
var executorMaxRSS atomic.Int64

// dropExecutorRSS returns 0 if rss may be the maximum of this process. The maximum of a forked
// child starts with the size of its parent (Linux, exec_mmap), so only a higher value belongs to
// the run.
func dropExecutorRSS(rss int64) int64 {
	if rss <= executorMaxRSS.Load() {
		return 0
	}
	var self unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &self); err != nil {
		return 0
	}
	executorMaxRSS.Store(self.Maxrss << 10)
	if rss <= self.Maxrss<<10 {
		return 0
	}
	return rss
}
