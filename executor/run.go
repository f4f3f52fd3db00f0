package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/server"
	"executorpool.dev/executor/supervisor"
	"executorpool.dev/executor/toolchain"
)

// Options are the settings of a whole executor.
type Options struct {
	Listen           string
	Workers, Threads int
	Timeout          time.Duration
	QueueCapacity    int
	QueueWait        time.Duration
	Limits           sandbox.Limits // ceilings of one run
	RecycleAfter     int
	MinimumTier      sandbox.Tier
	DrainDelay       time.Duration
	Scratch          string
	Languages        []string // files of the language table; absolute
	MaxBody          int64    // bytes
	MaxBuffered      int64    // bytes
	CacheSize        int64    // bytes of compiled programs to keep
	WorkerCommand    []string // starts a worker process
	// Probe finds the isolation tier by trying in a directory, with what workers read besides, and says why it is not higher.
	Probe   func(ctx context.Context, dir string, paths []string) (sandbox.Tier, string) `json:"-"`
	Log     *slog.Logger                                                                 `json:"-"`
	Version string
}

var (
	// ErrForced says that a second signal ended the executor before it had drained.
	ErrForced = errors.New("stopped at once by a second signal")
	// ErrNotDrained says that draining took longer than all deadlines together allow.
	ErrNotDrained = errors.New("stopped before every submission had its verdict: draining took too long")
)

// Run is the whole life of an executor: probe the isolation, start the workers, serve, and on SIGTERM or SIGINT drain and
// return nil. SIGHUP replaces the workers one after the other. It is meant to be PID 1 and the only user of the process.
func Run(ctx context.Context, o Options) error {
	// The supervisor only hands on; the cores are for the runs. Fewer threads of its own also means fewer switches: on two
	// cores, one instead of two saves a quarter of what it spends on a submission. What takes long (a large body) is
	// interrupted after 10 ms for what waits.
	runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))

	stop := make(chan os.Signal, 2)
	signal.Notify(stop, unix.SIGTERM, unix.SIGINT)
	defer signal.Stop(stop)

	e, err := assemble(ctx, o)
	if err != nil {
		return err
	}
	accepting, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (flag --listen): %w", o.Listen, err)
	}
	return e.run(ctx, server.Listener{Listener: accepting}, stop)
}

// executor is the assembled process.
type executor struct {
	options    Options
	queue      *queue.Queue[*job.Job]
	supervisor *supervisor.Supervisor
	server     *server.Server
	isolated   bool // the minimum tier is reached
	log        *slog.Logger
}

func assemble(ctx context.Context, o Options) (*executor, error) {
	// Runs have the same user id; this keeps the environment and the memory from them even without Landlock.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("close the process to others of its user: %w", err)
	}
	if err := os.MkdirAll(o.Scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make the scratch directory (flag --scratch): %w", err)
	}
	table, err := toolchain.Load(o.Languages...)
	if err != nil {
		return nil, fmt.Errorf("load the language table (flag --languages): %w", err)
	}
	languages := table.Languages(ctx)
	if len(languages) == 0 {
		return nil, errors.New("none of the table's languages has its tools installed here; install some or mend the table (flag --languages)")
	}
	paths := slices.Concat(o.Languages, table.Paths())
	tier, why := o.Probe(ctx, o.Scratch, paths)
	o.Log.Info("isolation probed", "tier", tier.String(), "minimum", o.MinimumTier.String(), "reason", why)

	q := job.NewQueue(o.QueueCapacity, queue.RealClock{})
	metrics := server.NewMetrics()
	supervisor, err := supervisor.New(supervisor.Config{
		Workers: o.Workers, Threads: o.Threads, Timeout: o.Timeout, RecycleAfter: o.RecycleAfter,
		Limits: o.Limits, Tier: tier, Languages: o.Languages, Paths: paths, Scratch: o.Scratch, CacheSize: o.CacheSize, Command: o.WorkerCommand,
		Queue: q, Random: rand.Float64, Log: o.Log, Restarted: metrics.Restarted,
	})
	if err != nil {
		return nil, err
	}
	srv := server.New(server.Config{
		Queue: q, Slots: supervisor, Metrics: metrics, Languages: languages, Bounds: o.bounds(),
		QueueWait: o.QueueWait, MaxBody: o.MaxBody, MaxBuffered: o.MaxBuffered,
		Tier: tier, TierReason: why, MinimumTier: o.MinimumTier,
		Clock: queue.RealClock{}, Log: o.Log, Version: o.Version,
	})
	return &executor{options: o, queue: q, supervisor: supervisor, server: srv, isolated: tier >= o.MinimumTier, log: o.Log}, nil
}

// bounds are the pool's ceilings in the units of the API.
func (o Options) bounds() api.Bounds {
	return api.Bounds{Limits: api.Limits{
		CPUMillis:  o.Limits.CPU.Milliseconds(),
		WallMillis: o.Timeout.Milliseconds(),
		MemoryMiB:  o.Limits.Memory >> 20,
		OutputKiB:  o.Limits.Output >> 10,
		Processes:  o.Limits.Processes,
	}}
}

func (e *executor) run(ctx context.Context, accepting net.Listener, stop <-chan os.Signal) error {
	abort, abortNow := context.WithCancel(context.WithoutCancel(ctx))
	defer abortNow()
	working := make(chan struct{})
	go func() {
		defer close(working)
		// Below the minimum tier nothing may run; the process stays up so that /readyz can say why.
		if e.isolated {
			e.supervisor.Run(abort)
		}
	}()
	stopRecycling := e.recycleWhenTold(abort)
	defer stopRecycling()

	front := e.server.Front()
	served := make(chan error, 1)
	go func() { served <- front.Serve(accepting) }()
	e.log.Info("executor serves", "address", accepting.Addr().String(), "slots", e.supervisor.Slots(), "version", e.options.Version)

	select {
	case err := <-served:
		abortNow()
		<-working
		return fmt.Errorf("serve HTTP: %w", err)
	case sig := <-stop:
		e.log.Info("shutting down", "signal", sig.String())
	case <-ctx.Done():
		e.log.Info("shutting down", "signal", "none")
	}
	drained := e.drain(accepting, stop, working, abortNow)
	// Every accepted job has its outcome now; what is left is to write the last answers.
	patience := server.WritePatience
	if drained != nil {
		patience = time.Second
	}
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	// The listener is closed already, and of that it would tell.
	if err := front.ShutdownWithContext(writing); err != nil && !errors.Is(err, net.ErrClosed) {
		e.log.Warn("some clients did not read their answers", "error", err)
	}
	e.leaveWord(lastWord)
	if drained != nil {
		return drained
	}
	e.log.Info("executor has drained")
	return nil
}

// lastWord is the file that a kubelet reads when a container has ended, and shows as the pod's termination message.
const lastWord = "/dev/termination-log"

// leaveWord writes what there was in all where that can be read afterwards: nobody can ask any more. Outside of a pod there
// is no such file.
func (e *executor) leaveWord(file string) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if err := json.NewEncoder(f).Encode(e.server.Totals()); err != nil {
		e.log.Warn("the last counts could not be written", "file", file, "error", err)
	}
}

// drain leaves in good order and returns when every accepted submission has its outcome. A second signal cuts it short.
func (e *executor) drain(accepting net.Listener, stop <-chan os.Signal, working <-chan struct{}, abortNow func()) error {
	e.server.SetPhase(server.Leaving)
	delay := time.NewTimer(e.options.DrainDelay)
	defer delay.Stop()
	var cut error
	select {
	case <-delay.C:
	case <-stop:
		cut = ErrForced
	}
	e.server.SetPhase(server.Draining)
	_ = accepting.Close() // what it had accepted goes on
	e.queue.Close()
	if cut == nil {
		// By the limit every waiting submission has expired, and every slot has reported or its worker was replaced.
		limit := time.NewTimer(e.options.QueueWait + e.options.Timeout + drainSlack)
		defer limit.Stop()
		select {
		case <-working:
			return nil
		case <-limit.C:
			cut = ErrNotDrained
		case <-stop:
			cut = ErrForced
		}
	}
	e.log.Warn("stopping at once", "waiting", e.queue.Depth(), "busy", e.supervisor.Busy())
	for _, j := range e.queue.Clear() {
		j.Answer(job.Outcome{Fate: job.Dropped})
	}
	abortNow()
	<-working
	return cut
}

// drainSlack is for a hung worker to be found, killed and cleaned up after.
const drainSlack = 15 * time.Second

// recycleWhenTold replaces the workers at SIGHUP. Signals that come while that is going on count as one.
func (e *executor) recycleWhenTold(ctx context.Context) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, unix.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var recycling sync.WaitGroup
	recycling.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				e.log.Info("replacing all workers", "signal", "hangup")
				e.supervisor.Recycle(ctx)
			}
		}
	})
	return func() {
		signal.Stop(hangups)
		cancel()
		recycling.Wait()
	}
}
