package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/wire"
)

// startPatience bounds the time from starting a worker process to its being ready.
const startPatience = 30 * time.Second

// process is the life of one worker process, as the supervisor sees it.
type process struct {
	sup   *Supervisor
	cmd   *exec.Cmd
	link  *wire.Link
	slots []*slot
	left  atomic.Int64 // runs until it is recycled

	take     context.Context // ends when the slots shall take no more work
	stopTake context.CancelFunc
	gone     chan struct{} // closed when the process has ended and cause is set
	cause    string

	mu      sync.Mutex
	reason  Reason // why it ends; empty while it serves
	retired bool   // it ends on purpose and the recycling token is held for it
}

// ending is what serve returns.
type ending struct {
	reason  Reason
	cause   string
	retired bool
	drained bool // the queue is closed and empty: no replacement is needed
}

// start makes a fresh worker process and waits until it is ready.
func (s *Supervisor) start(ctx context.Context, index int) (*process, error) {
	names, paths := s.slotDirs(index)
	for _, name := range names {
		if err := s.freshDir(name); err != nil {
			return nil, err
		}
	}
	cmd, err := s.command()
	if err != nil {
		return nil, err
	}
	ours, socket, err := wire.SocketPair()
	if err != nil {
		return nil, err
	}
	slots, theirs, err := wire.OpenEnds(len(paths))
	if err != nil {
		wire.CloseAll([]io.Closer{ours, socket})
		return nil, err
	}
	theirs = append([]*os.File{socket}, theirs...)
	// The environment is empty: a worker needs none of it and a run can find nothing in it. A process group of its own
	// keeps a terminal's Ctrl-C for the supervisor.
	cmd.Env = []string{}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.ExtraFiles = theirs // descriptors 3 and up
	cmd.SysProcAttr.Setpgid = true
	err = s.reaper.start(cmd)
	wire.CloseAll(theirs) // from here on the end of the worker is the end of the streams
	if err != nil {
		wire.CloseAll(slots)
		wire.CloseAll([]io.Closer{ours})
		return nil, fmt.Errorf("start a worker process: %w", err)
	}

	p := &process{sup: s, cmd: cmd, link: wire.NewWatchedLink(ours, wire.Silence), gone: make(chan struct{})}
	p.take, p.stopTake = context.WithCancel(ctx)
	p.left.Store(s.lifetime())
	for i := range paths {
		p.slots = append(p.slots, &slot{process: p, index: i, wire: wire.NewWire(slots[i]), ahead: newAhead()})
	}
	ready := make(chan error, 1)
	go p.watch(ready)
	if err := p.link.Send(wire.Hello{Dirs: paths, Limits: s.cfg.Limits, Tier: s.cfg.Tier, Languages: s.cfg.Languages,
		Cache: s.cacheDir(), CacheSize: s.cfg.CacheSize}, wire.Silence); err != nil {
		p.end(StartFailed)
		<-p.gone
		return nil, fmt.Errorf("send a worker its settings: %w; %s", err, p.cause)
	}
	timer := time.NewTimer(startPatience)
	defer timer.Stop()
	select {
	case err = <-ready:
	case <-timer.C:
		err = fmt.Errorf("it was not ready after %s", startPatience)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		p.end(StartFailed)
		<-p.gone
		return nil, fmt.Errorf("%w; %s", err, p.cause)
	}
	return p, nil
}

// command starts a worker process, in tier Namespaced in namespaces of its own.
func (s *Supervisor) command() (*exec.Cmd, error) {
	if s.cfg.Tier == sandbox.Namespaced {
		return sandbox.Namespaces(s.cfg.Scratch, s.cfg.Paths...).Command(s.cfg.Command[1:]...)
	}
	cmd := exec.Command(s.cfg.Command[0], s.cfg.Command[1:]...)
	cmd.SysProcAttr = &unix.SysProcAttr{}
	return cmd, nil
}

// lifetime is how many runs a worker does, up to a tenth more or less than asked for, so that the workers of a replica
// started together are not all recycled together.
func (s *Supervisor) lifetime() int64 {
	n := float64(s.cfg.RecycleAfter)
	return max(1, int64(n*(0.9+0.2*s.cfg.Random())))
}

// watch receives what the worker reports, until it ends; then it makes sure that it has ended, and says how.
func (p *process) watch(ready chan<- error) {
	err := p.receive(ready)
	reason := Crashed
	if errors.Is(err, os.ErrDeadlineExceeded) {
		reason = Silent
	}
	p.end(reason)
	waitErr := p.sup.reaper.wait(p.cmd)
	p.stopTake()

	p.mu.Lock()
	switch {
	case p.reason == Silent:
		p.cause = fmt.Sprintf("worker process ended: it gave no sign of life for %s and was killed", wire.Silence)
	case p.reason == aborted:
		p.cause = "the executor was told to stop at once"
	case p.reason == Hung:
		p.cause = "worker process ended: it did not end a run at the hard timeout and was killed"
	case waitErr != nil:
		p.cause = "worker process ended: " + waitErr.Error()
	default:
		p.cause = "worker process ended: exit status 0"
	}
	p.mu.Unlock()
	close(p.gone)
	p.hangUp()
	select {
	case ready <- errors.New("it ended before it was ready"):
	default:
	}
}

func (p *process) receive(ready chan<- error) error {
	for {
		var r wire.Report
		if err := p.link.Receive(&r); err != nil {
			return err
		}
		switch r.Kind {
		case wire.ReportReady:
			ready <- nil
		case wire.ReportFailed:
			ready <- errors.New(r.Error)
		case wire.ReportAlive:
		case wire.ReportBegun, wire.ReportRecalled:
			if r.Slot < 0 || r.Slot >= len(p.slots) {
				return fmt.Errorf("a report of slot %d of %d", r.Slot, len(p.slots))
			}
			p.slots[r.Slot].ahead.settle(r.Seq, r.Kind == wire.ReportRecalled)
		}
	}
}

// hangUp closes all connections; a slot that waits for its worker stops waiting.
func (p *process) hangUp() {
	p.link.Close()
	for _, s := range p.slots {
		s.wire.Close()
	}
}

// end kills the process; the first reason counts. Killing one that has just ended by itself changes nothing.
func (p *process) end(reason Reason) {
	p.mu.Lock()
	if p.reason == "" {
		p.reason = reason
	}
	p.mu.Unlock()
	_ = p.cmd.Process.Kill()
}

// retire lets the slots finish and then end the process. It is called with the recycling token in hand; true: the token
// is the process's now and is given back when a replacement stands.
func (p *process) retire(reason Reason) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason != "" || p.take.Err() != nil {
		return false
	}
	p.reason, p.retired = reason, true
	p.stopTake()
	return true
}

// ranOut is called after each submission with its number of runs.
func (p *process) ranOut(runs int) {
	if p.left.Add(int64(-runs)) > 0 {
		return
	}
	select {
	case p.sup.recycling <- struct{}{}:
		if !p.retire(Recycled) {
			<-p.sup.recycling
		}
	default: // another worker is being recycled; this one goes on and asks again after its next submission
	}
}

// serve runs the slots until all have stopped taking work, then ends the process.
func (p *process) serve(ctx context.Context) ending {
	forget := context.AfterFunc(ctx, func() { p.end(aborted) })
	defer forget()
	var slots sync.WaitGroup
	for _, s := range p.slots {
		slots.Go(s.loop)
	}
	slots.Wait()
	p.stopTake()
	// The worker has nothing to do and leaves when its socket closes.
	p.hangUp()
	timer := time.AfterFunc(hangPatience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.gone

	p.mu.Lock()
	defer p.mu.Unlock()
	return ending{reason: p.reason, cause: p.cause, retired: p.retired, drained: p.sup.queueDone()}
}
