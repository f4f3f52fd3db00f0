package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/container"
	"executorpool.dev/executor/settings"
)

const (
	// Grace is how long after the hard timeout the supervisor waits for the completion of the
	// worker before it answers the client itself.
	Grace = settings.ReportGrace
	// hangTimeout is how long after Grace, or after a cancellation, the completion may take before the
	// worker counts as hung.
	hangTimeout = settings.HangTime
	// orphanTimeout bounds the wait for the end of killed processes.
	orphanTimeout = settings.OrphanTime
)

// Reason is why a worker was replaced. The values are the label of executor_worker_restarts_total.
type Reason string

// Reasons of a replacement.
const (
	Crashed     Reason = "crashed"      // it ended by itself, or another process killed it
	Silent      Reason = "silent"       // no heartbeat for 10 s
	Hung        Reason = "hung"         // a slot sent no completion after the hard timeout
	Recycled    Reason = "recycled"     // it has done its number of runs
	Requested   Reason = "requested"    // SIGHUP
	StartFailed Reason = "start_failed" // it never became ready

	aborted Reason = "aborted" // the supervisor stops at once; nothing is replaced
)

// Reasons lists the reasons that Config.Restarted can receive.
var Reasons = []Reason{Crashed, Silent, Hung, Recycled, Requested, StartFailed}

// Config configures a Supervisor. All fields but Container are required.
type Config struct {
	Workers, Threads int
	Timeout          time.Duration // hard bound on one submission, from the start of its assignment
	RecycleAfter     int           // runs
	Limits           sandbox.Limits
	Tier             sandbox.Tier
	Languages        []string // absolute paths of the files of the language table
	Paths            []string // what workers and their tools read in addition to the sandbox's own list
	Scratch          string   // directory of the slots' directories and the compile cache
	CacheSize        int64    // capacity of the compile cache in bytes; 0 disables it
	// Container is the memory control group that the workers watch; nil if there is none.
	Container *container.Container
	Command   []string // command line of a worker process: this program with arguments
	Queue     *queue.Queue[*job.Job]
	Budget    *budget.Budget
	// WorkerMemory is what a worker process uses without its runs, in bytes.
	WorkerMemory int64
	Random       func() float64 // in [0, 1), for jitter
	Log          *slog.Logger
	Restarted    func(Reason) // called for each replaced worker
}

// Supervisor runs the workers and gives their slots jobs. Use New, then Run.
type Supervisor struct {
	cfg    Config
	reaper *reaper
	// priority is that of this process at its start.
	priority sandbox.Priority
	names    dirNames
	busy     atomic.Int64
	// recycling is a token. It is held from the end of the intake of a worker until its replacement
	// is ready, so that at most one worker at a time is recycled.
	recycling chan struct{}

	mu      sync.Mutex
	workers []workerState
}

type workerState struct {
	process    *process // nil while no process is ready
	startError string   // why the last start failed; empty after a success
}

// New returns a supervisor and makes this process the reaper of its workers' orphans. Processes
// that the caller starts must end before Run, which reaps and kills them otherwise.
func New(cfg Config) (*Supervisor, error) {
	reaper, err := newReaper()
	if err != nil {
		return nil, err
	}
	priority, err := sandbox.CurrentPriority()
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		cfg: cfg, reaper: reaper, priority: priority, names: newDirNames(),
		recycling: make(chan struct{}, 1),
		workers:   make([]workerState, cfg.Workers),
	}
	for i := range s.workers {
		s.workers[i].startError = "the worker is starting"
	}
	if err := s.removeEarlierDirs(); err != nil {
		return nil, err
	}
	return s, nil
}

// Run runs the workers until the queue is closed and empty and every slot has answered its job.
// When ctx ends first, Run kills the workers and answers the jobs in their slots with
// InternalError.
func (s *Supervisor) Run(ctx context.Context) {
	stopReaping := s.reapOnSIGCHLD()
	defer stopReaping()
	var maintainers sync.WaitGroup
	for i := range s.workers {
		maintainers.Go(func() { s.maintain(ctx, i) })
	}
	maintainers.Wait()
}

// reapOnSIGCHLD reaps children that are not workers when they end, which is a duty of PID 1.
func (s *Supervisor) reapOnSIGCHLD() (stop func()) {
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

// maintain starts one worker, serves it, kills its orphans, and repeats that.
func (s *Supervisor) maintain(ctx context.Context, index int) {
	log := s.cfg.Log.With("worker", index)
	holdsToken := false // this worker is the replacement that the recycling token waits for
	backoff := newBackoff(s.cfg.Random)
	for ctx.Err() == nil {
		p, err := s.start(ctx, index)
		if holdsToken {
			<-s.recycling
			holdsToken = false
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			s.setWorker(index, workerState{startError: err.Error()})
			log.Error("worker process cannot start", "error", err)
			s.cfg.Restarted(StartFailed)
			s.killOrphans(log)
			if s.drained() || !backoff.wait(ctx) {
				return
			}
			continue
		}
		s.setWorker(index, workerState{process: p})
		log.Debug("worker process ready", "pid", p.cmd.Process.Pid)
		begun := time.Now()
		end := p.serve(ctx)
		s.setWorker(index, workerState{})
		s.killOrphans(log)
		holdsToken = end.retired
		if end.drained || ctx.Err() != nil {
			break
		}
		s.cfg.Restarted(end.reason)
		log.Info("worker process replaced", "reason", string(end.reason), "cause", end.cause, "pid", p.cmd.Process.Pid)
		if !end.retired && !backoff.ended(ctx, time.Since(begun)) {
			return
		}
	}
	if holdsToken {
		<-s.recycling
	}
}

// drained reports whether the queue is closed and empty, so that no worker is needed.
func (s *Supervisor) drained() bool { return s.cfg.Queue.Closed() && s.cfg.Queue.Depth() == 0 }

func (s *Supervisor) killOrphans(log *slog.Logger) {
	if err := s.reaper.killOrphans(orphanTimeout); err != nil {
		log.Error("cannot kill orphaned processes", "error", err)
	}
}

func (s *Supervisor) setWorker(index int, state workerState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers[index] = state
}

// Recycle replaces the workers one after the other, each after its slots have finished their jobs.
// It returns when the last worker has begun to end.
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

// Slots returns the number of slots.
func (s *Supervisor) Slots() int { return s.cfg.Workers * s.cfg.Threads }

// Busy returns the number of slots that hold a job. A job that was answered at the hard timeout
// holds its slot until the completion of the worker.
func (s *Supervisor) Busy() int { return int(s.busy.Load()) }

// Ready returns nil while at least one worker serves, or is being replaced and its last start
// succeeded.
func (s *Supervisor) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	reason := ""
	for _, w := range s.workers {
		if w.startError == "" {
			return nil
		}
		reason = w.startError
	}
	return fmt.Errorf("no worker process: %s", reason)
}
