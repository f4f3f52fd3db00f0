package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/wire"
)

// startTimeout is how long a worker process may take from its start until it is ready.
const startTimeout = 30 * time.Second

// process is one worker process.
type process struct {
	sup      *Supervisor
	cmd      *exec.Cmd
	ends     *wire.Ends
	slots    []*slot
	runsLeft atomic.Int64 // runs until the process is recycled

	intake     context.Context // ends when the slots must accept no more jobs
	stopIntake context.CancelFunc
	exited     chan struct{} // closed when the process has ended and cause is set
	cause      string

	mu      sync.Mutex
	reason  Reason // why the process ends; empty while it serves
	retired bool   // the process ends on purpose and holds the recycling token
}

// ending describes the end of a process.
type ending struct {
	reason  Reason
	cause   string
	retired bool
	drained bool // the queue is closed and empty: no replacement is needed
}

// start starts a worker process and waits until it is ready.
func (s *Supervisor) start(ctx context.Context, index int) (*process, error) {
	names, paths := s.slotDirs(index)
	for _, name := range names {
		if err := s.emptyDir(name); err != nil {
			return nil, err
		}
	}
	p, err := s.spawn(ctx, len(paths))
	if err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go p.watch(ready)
	settings := wire.Settings{Dirs: paths, Limits: s.cfg.Limits, Tier: s.cfg.Tier, Languages: s.cfg.Languages,
		Cache: s.cacheDir(), CacheSize: s.cfg.CacheSize, ShareLock: s.shareLock(), Container: s.cfg.Container != nil, Priority: s.priority,
		Memory: s.cfg.WorkerMemory}
	if err := p.ends.Control.Send(&settings); err != nil {
		p.kill(StartFailed)
		<-p.exited
		return nil, fmt.Errorf("send a worker its settings: %w; %s", err, p.cause)
	}
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case err = <-ready:
	case <-timer.C:
		err = fmt.Errorf("the worker was not ready after %s", startTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		p.kill(StartFailed)
		<-p.exited
		return nil, fmt.Errorf("%w; %s", err, p.cause)
	}
	return p, nil
}

// spawn starts a worker process with its connections.
func (s *Supervisor) spawn(ctx context.Context, slots int) (*process, error) {
	cmd, err := s.command()
	if err != nil {
		return nil, err
	}
	ends, inherited, err := wire.Open(slots)
	if err != nil {
		return nil, err
	}
	// The environment is empty, so that no run can find anything in it. Its own process group
	// protects the worker from a Ctrl-C in the terminal, which is for the supervisor.
	cmd.Env = []string{}
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.ExtraFiles = inherited
	if s.cfg.Container != nil {
		cmd.ExtraFiles = append(slices.Clone(inherited), s.cfg.Container.Dir())
	}
	cmd.SysProcAttr.Setpgid = true
	err = s.reaper.start(cmd)
	for _, f := range inherited {
		_ = f.Close() // so that the connections end when the worker ends
	}
	if err != nil {
		ends.Close()
		return nil, fmt.Errorf("start a worker process: %w", err)
	}
	p := &process{sup: s, cmd: cmd, ends: ends, exited: make(chan struct{})}
	p.intake, p.stopIntake = context.WithCancel(ctx)
	p.runsLeft.Store(s.runsUntilRecycle())
	for i, conn := range ends.Slots {
		s := &slot{process: p, index: i, conn: conn}
		s.source = newPrefetcher(s)
		p.slots = append(p.slots, s)
	}
	return p, nil
}

// command returns the command of a worker process. In tier Namespaced it has its own namespaces.
func (s *Supervisor) command() (*exec.Cmd, error) {
	if s.cfg.Tier == sandbox.Namespaced {
		return sandbox.Namespaces(s.cfg.Scratch, s.cfg.Paths...).Command(s.cfg.Command[1:]...)
	}
	cmd := exec.Command(s.cfg.Command[0], s.cfg.Command[1:]...)
	cmd.SysProcAttr = &unix.SysProcAttr{}
	return cmd, nil
}

// runsUntilRecycle returns Config.RecycleAfter with a jitter of 10 %, so that workers that start
// together are not recycled together.
func (s *Supervisor) runsUntilRecycle() int64 {
	n := float64(s.cfg.RecycleAfter)
	return max(1, int64(n*(0.9+0.2*s.cfg.Random())))
}

// watch receives notifications until the worker ends, kills and reaps the process, and sets its
// cause.
func (p *process) watch(ready chan<- error) {
	err := p.receive(ready)
	reason := Crashed
	if errors.Is(err, os.ErrDeadlineExceeded) {
		reason = Silent
	}
	p.kill(reason)
	waitErr := p.sup.reaper.wait(p.cmd)
	p.stopIntake()

	p.mu.Lock()
	switch {
	case p.reason == Silent:
		p.cause = fmt.Sprintf("worker process ended: it sent no heartbeat for %s and was killed", wire.HeartbeatTimeout)
	case p.reason == aborted:
		p.cause = "the executor stopped at once"
	case p.reason == Hung:
		p.cause = "worker process ended: it did not end a run at the hard timeout and was killed"
	case waitErr != nil:
		p.cause = "worker process ended: " + waitErr.Error()
	default:
		p.cause = "worker process ended: exit status 0"
	}
	p.mu.Unlock()
	close(p.exited)
	p.disconnect()
	select {
	case ready <- errors.New("the worker ended before it was ready"):
	default:
	}
}

func (p *process) receive(ready chan<- error) error {
	for {
		var n wire.Notification
		if err := p.ends.Control.Receive(&n); err != nil {
			return err
		}
		switch n.Kind {
		case wire.Ready:
			ready <- nil
		case wire.StartFailed:
			ready <- errors.New(n.Error)
		case wire.Heartbeat:
		case wire.Begun, wire.PrefetchCancelled:
			if n.Slot < 0 || n.Slot >= len(p.slots) {
				return fmt.Errorf("a notification for slot %d of %d", n.Slot, len(p.slots))
			}
			p.slots[n.Slot].source.notify(n)
		}
	}
}

// disconnect closes all connections. A slot that waits for a completion gets an error.
func (p *process) disconnect() { p.ends.Close() }

// kill kills the process. Only the first reason is kept. It has no effect on a process that has
// ended.
func (p *process) kill(reason Reason) {
	p.mu.Lock()
	if p.reason == "" {
		p.reason = reason
	}
	p.mu.Unlock()
	_ = p.cmd.Process.Kill()
}

// retire ends the process after its slots have finished their jobs. The caller holds the recycling
// token. retire reports whether the process took the token over; the supervisor then releases it
// when the replacement is ready.
func (p *process) retire(reason Reason) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reason != "" || p.intake.Err() != nil {
		return false
	}
	p.reason, p.retired = reason, true
	p.stopIntake()
	return true
}

// countRuns counts the runs of one job and recycles the process when it has done its number.
func (p *process) countRuns(runs int) {
	if p.runsLeft.Add(int64(-runs)) > 0 {
		return
	}
	select {
	case p.sup.recycling <- struct{}{}:
		if !p.retire(Recycled) {
			<-p.sup.recycling
		}
	default: // another worker is being recycled; this one tries again after its next job
	}
}

// serve runs the slots until their intake ends, then ends the process.
func (p *process) serve(ctx context.Context) ending {
	stopAbort := context.AfterFunc(ctx, func() { p.kill(aborted) })
	defer stopAbort()
	var slots sync.WaitGroup
	for _, s := range p.slots {
		slots.Go(s.serve)
	}
	slots.Wait()
	p.stopIntake()
	// An idle worker exits when its control socket closes.
	p.disconnect()
	timer := time.AfterFunc(settings.ExitTime, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.exited

	p.mu.Lock()
	defer p.mu.Unlock()
	return ending{reason: p.reason, cause: p.cause, retired: p.retired, drained: p.sup.drained()}
}
