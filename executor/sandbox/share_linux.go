package sandbox

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// share bounds the memory of the runs with a Spec.Share: all stay within their shares but one,
// which may use its whole limit. A run that reaches its share while another one is beyond its own
// is paused until that one ends. So the container needs the memory of all shares and of one limit.
//
// The lock of a file decides, because the slots of a container belong to several processes. The
// kernel releases the lock of a process that ends. A run has no descriptor of the file.
type share struct {
	limit int64 // bytes; 0 means none
	lock  int   // the locked file, while the run may exceed its share; otherwise -1
	file  int   // the file, while the run waits for its lock; otherwise -1
	// paused is when the pause began; zero while the run is not paused.
	paused time.Time
}

// pauseInterval is the time between two attempts to end a pause.
const pauseInterval = 20 * time.Millisecond

// checkShare pauses a run whose memory has reached its share, unless the run may exceed it.
func (r *run) checkShare(memory int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.share
	if s.limit == 0 || memory <= s.limit || s.lock >= 0 || !s.paused.IsZero() || r.reaped {
		return
	}
	file, err := unix.Open(r.slot.config.ShareLock, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return // the limits of the run and of the container still hold
	}
	if s.file = file; r.tryShare() {
		return
	}
	s.paused = time.Now()
	_ = unix.Kill(-r.group, unix.SIGSTOP)
}

// tryShare tries to lock the file. The caller holds mu. The filter of the slot's thread grants
// locks without keeping them.
func (r *run) tryShare() bool {
	s := &r.share
	var err error
	onUnrestrictedThread(func() { err = unix.Flock(s.file, unix.LOCK_EX|unix.LOCK_NB) })
	if err != nil {
		return false
	}
	s.lock, s.file = s.file, -1
	return true
}

// pausedFor ends the pause of the run if it can, and returns how long the run has been paused since
// the last call. The wall clock of the run does not count that time.
func (r *run) pausedFor() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.share
	if s.paused.IsZero() {
		return 0
	}
	now := time.Now()
	passed := now.Sub(s.paused)
	s.paused = now
	if r.tryShare() {
		s.paused = time.Time{}
		_ = unix.Kill(-r.group, unix.SIGCONT)
	}
	return passed
}

// isPaused reports whether the run is paused.
func (r *run) isPaused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.share.paused.IsZero()
}

// releaseShare lets another run exceed its share. The run has ended.
func (r *run) releaseShare() {
	r.mu.Lock()
	defer r.mu.Unlock()
	closeFD(&r.share.file)
	closeFD(&r.share.lock)
}

func (r *run) wallCause() string {
	return fmt.Sprintf("wall limit %d ms, killed by the executor", r.limits.Wall.Milliseconds())
}
