package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
)

const (
	// Grace is how much longer than the hard timeout the supervisor waits for the worker's own report of it before it
	// answers the client itself.
	Grace = 100 * time.Millisecond
	// hangPatience is how long after that a slot may stay silent before its worker counts as hung.
	hangPatience = 5 * time.Second
	// orphanPatience bounds the wait for killed processes to be gone.
	orphanPatience = 5 * time.Second
)

// Reason says why a worker was replaced; the values are the label of executor_worker_restarts_total.
type Reason string

// The reasons.
const (
	Crashed     Reason = "crashed"      // it ended by itself or was killed from outside
	Silent      Reason = "silent"       // no sign of life for 10 s
	Hung        Reason = "hung"         // a slot did not report after the hard timeout
	Recycled    Reason = "recycled"     // it had done its number of runs
	Requested   Reason = "requested"    // SIGHUP
	StartFailed Reason = "start_failed" // it never became ready

	aborted Reason = "aborted" // the supervisor was told to stop at once; nothing is replaced
)

// Reasons lists all that are counted.
var Reasons = []Reason{Crashed, Silent, Hung, Recycled, Requested, StartFailed}

// Config is what a Supervisor needs. All fields but Restarted are required.
type Config struct {
	Workers, Threads int
	Timeout          time.Duration // hard bound on one submission, from the moment a slot takes it
	RecycleAfter     int           // runs
	Limits           sandbox.Limits
	Tier             sandbox.Tier
	Languages        []string // files of the language table; absolute
	Paths            []string // what workers, and tools in them, read outside the sandbox's own list
	Scratch          string   // directory below which the slots' directories and the compile cache are made
	CacheSize        int64    // bytes of compiled programs to keep; 0: none
	Command          []string // starts a worker process: this very program and its arguments
	Queue            *queue.Queue[*job.Job]
	Random           func() float64 // in [0, 1), for jitter
	Log              *slog.Logger
	Restarted        func(Reason) // counts a replaced worker
}

// Supervisor keeps the workers alive and feeds their slots. Use New, then Run.
type Supervisor struct {
	cfg    Config
	reaper *reaper
	busy   atomic.Int64
	// recycling is held from the moment a worker takes no more work until its replacement stands, so that at most one
	// worker at a time is away on purpose.
	recycling chan struct{}

	mu      sync.Mutex
	workers []workerState
}

type workerState struct {
	process *process // nil while none is up
	down    string   // why the last start failed; empty once a worker was ready
}

// New prepares a supervisor and makes this process the reaper of what its workers may leave behind. Processes that the
// caller starts in other ways must have ended before Run.
func New(cfg Config) (*Supervisor, error) {
	reaper, err := newReaper()
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		cfg: cfg, reaper: reaper,
		recycling: make(chan struct{}, 1),
		workers:   make([]workerState, cfg.Workers),
	}
	for i := range s.workers {
		s.workers[i].down = "it is starting"
	}
	if err := s.freshDir(cacheName); err != nil {
		return nil, fmt.Errorf("begin with an empty compile cache: %w", err)
	}
	return s, nil
}

// Run keeps the workers until the queue is closed and empty and every slot has answered, or until ctx ends: then jobs in
// the slots are answered InternalError at once and the workers are killed.
func (s *Supervisor) Run(ctx context.Context) {
	stopReaping := s.reapWhenTold()
	defer stopReaping()
	var keepers sync.WaitGroup
	for i := range s.workers {
		keepers.Go(func() { s.keep(ctx, i) })
	}
	keepers.Wait()
}

// reapWhenTold does the part of PID 1 that nobody else does: collect ended processes that were handed to it.
func (s *Supervisor) reapWhenTold() (stop func()) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	var reaping sync.WaitGroup
	reaping.Go(func() {
		for range ended {
			if err := s.reaper.reap(); err != nil {
				s.cfg.Log.Error("cannot reap orphaned processes", "error", err)
			}
		}
	})
	return func() {
		signal.Stop(ended)
		close(ended)
		reaping.Wait()
	}
}

// keep holds one worker alive: start, serve, clean up after it, again.
func (s *Supervisor) keep(ctx context.Context, index int) {
	log := s.cfg.Log.With("worker", index)
	holding := false // the recycling token, while the replacement is being started
	pause := newBackoff(s.cfg.Random)
	for ctx.Err() == nil {
		p, err := s.start(ctx, index)
		if holding {
			<-s.recycling
			holding = false
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			s.setWorker(index, workerState{down: err.Error()})
			log.Error("worker process cannot start", "error", err)
			s.cfg.Restarted(StartFailed)
			s.cleanUp(log)
			if s.queueDone() || !pause.wait(ctx) {
				return
			}
			continue
		}
		s.setWorker(index, workerState{process: p})
		log.Debug("worker process ready", "pid", p.cmd.Process.Pid)
		begun := time.Now()
		end := p.serve(ctx)
		s.setWorker(index, workerState{})
		s.cleanUp(log)
		holding = end.retired
		if end.drained || ctx.Err() != nil {
			break
		}
		s.cfg.Restarted(end.reason)
		log.Info("worker process replaced", "reason", string(end.reason), "cause", end.cause, "pid", p.cmd.Process.Pid)
		if !end.retired && !pause.lived(ctx, time.Since(begun)) {
			return
		}
	}
	if holding {
		<-s.recycling
	}
}

// queueDone says that no worker is needed any more.
func (s *Supervisor) queueDone() bool { return s.cfg.Queue.Closed() && s.cfg.Queue.Depth() == 0 }

func (s *Supervisor) cleanUp(log *slog.Logger) {
	if err := s.reaper.kill(orphanPatience); err != nil {
		log.Error("cannot end what a worker left behind", "error", err)
	}
}

func (s *Supervisor) setWorker(index int, state workerState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers[index] = state
}

// Recycle replaces every worker, one after the other, each when its slots have finished. It returns when all have been
// told, and their replacements stand but for the last.
func (s *Supervisor) Recycle(ctx context.Context) {
	for i := range s.workers {
		select {
		case s.recycling <- struct{}{}:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		p := s.workers[i].process
		s.mu.Unlock()
		if p == nil || !p.retire(Requested) {
			<-s.recycling
		}
	}
}

// Slots is how many submissions can run at one time.
func (s *Supervisor) Slots() int { return s.cfg.Workers * s.cfg.Threads }

// Busy is how many slots have a submission, also one that was answered for a worker which has not reported yet.
func (s *Supervisor) Busy() int { return int(s.busy.Load()) }

// Ready is nil as long as at least one worker serves, or is being replaced without having failed.
func (s *Supervisor) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	why := ""
	for _, w := range s.workers {
		if w.down == "" {
			return nil
		}
		why = w.down
	}
	return fmt.Errorf("no worker process: %s", why)
}

// cacheName is the compile cache's directory beside those of the slots.
const cacheName = "cache"

func (s *Supervisor) cacheDir() string { return filepath.Join(s.cfg.Scratch, cacheName) }

func (s *Supervisor) slotDirs(index int) (names, paths []string) {
	for j := range s.cfg.Threads {
		name := fmt.Sprintf("w%ds%d", index, j)
		names = append(names, name)
		paths = append(paths, filepath.Join(s.cfg.Scratch, name))
	}
	return names, paths
}
