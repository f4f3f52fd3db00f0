package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/seccomp"
	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

// births counts the processes and threads of a slot's runs when they are made. A loop of clone
// calls makes 2,000 threads between two samples of the monitor; process ids are shared by all slots
// of a pod, and by all pods of a node that have the same user id.
//
// The count only grows: births does not see the end of processes. When the count reaches the limit,
// births looks how many there are. So a program that makes and ends threads pays one look for each
// time that it makes as many as its limit.
type births struct {
	listener *seccomp.Listener
	scanner  *usage.Scanner
	stop     int // an eventfd that ends serve
	stopped  chan struct{}

	mu      sync.Mutex // held while a run starts, so that its first birth finds it
	run     *run       // nil if none is running
	members int64      // the processes and threads of run, at most
}

// exitTime is how long births waits for processes that are about to end. A thread is still a member
// for some time after pthread_join has returned.
const exitTime = 50 * time.Millisecond

// listen starts to count on the calling thread, which is the slot's. A kernel before 5.5, and a
// container whose runtime has a listener of its own, allow none. The monitor then counts alone.
func (s *Slot) listen() error {
	listener, err := seccomp.Listen(s.token)
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return nil
	case err != nil:
		return err
	}
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return errors.Join(fmt.Errorf("count new processes: %w", err), listener.Close())
	}
	scanner, err := usage.NewScanner()
	if err != nil {
		return errors.Join(err, listener.Close(), unix.Close(stop))
	}
	b := &s.births
	b.listener, b.scanner, b.stop, b.stopped = listener, scanner, stop, make(chan struct{})
	go b.serve()
	return nil
}

// close ends serve.
func (b *births) close() error {
	if b.listener == nil {
		return nil
	}
	_, err := unix.Write(b.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-b.stopped
	return errors.Join(err, b.scanner.Close(), unix.Close(b.stop))
}

// serve replies to notifications until close is called, or until it fails. Without a listener, the
// kernel refuses to make processes (ENOSYS).
func (b *births) serve() {
	defer close(b.stopped)
	defer b.listener.Close()
	for {
		fds := []unix.PollFd{{Fd: int32(b.listener.FD()), Events: unix.POLLIN}, {Fd: int32(b.stop), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		if fds[0].Revents&unix.POLLIN == 0 {
			if fds[0].Revents != 0 {
				return // no thread is under the filter any more
			}
			continue
		}
		birth, ok, err := b.listener.Receive()
		if err != nil {
			return
		}
		if ok && b.listener.Reply(birth, b.allow()) != nil {
			return
		}
	}
}

// allow counts one process more and reports whether the run may have it. Otherwise it ends the run.
func (b *births) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.run
	if r == nil || !r.slot.config.has(TreeLimits) {
		return true
	}
	for deadline := time.Now().Add(exitTime); b.members >= r.limits.Processes; {
		group := usage.Group{}
		if _, err := b.scanner.Scan(map[int]*usage.Group{r.group: &group}); err != nil {
			break
		}
		b.members = group.Threads
		if b.members < r.limits.Processes {
			break
		}
		if time.Now().After(deadline) {
			r.stop(ProcessLimit, fmt.Sprintf("limit of %d processes and threads, killed by the executor", r.limits.Processes))
			return false
		}
		time.Sleep(time.Millisecond) // the end of another process's thread cannot be awaited
	}
	b.members++
	return true
}

// begin makes r the run whose processes are counted. The caller holds mu.
func (b *births) begin(r *run) { b.run, b.members = r, 1 }

// end ends the counting for a run.
func (b *births) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.run = nil
}
