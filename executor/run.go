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

// Options configures an executor. All fields but CacheSize are required.
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
	CacheSize        int64    // bytes of compiled programs to keep; 0 keeps none
	WorkerCommand    []string // the program and the arguments of a worker process
	// Probe returns the isolation tier that it proved in the directory dir, and why the tier is not
	// higher. paths are the files that workers read in addition to those of the sandbox.
	Probe   func(ctx context.Context, dir string, paths []string) (sandbox.Tier, string) `json:"-"`
	Log     *slog.Logger                                                                 `json:"-"`
	Version string
}

var (
	// ErrForced is the error of an executor that a second signal stopped before it had drained.
	ErrForced = errors.New("stopped at once by a second signal")
	// ErrNotDrained is the error of an executor whose drain exceeded the sum of all deadlines.
	ErrNotDrained = errors.New("stopped before every submission had its verdict: draining took too long")
)

// Run probes the isolation, starts the workers and serves until ctx ends or the process gets
// SIGTERM or SIGINT. It then drains and returns nil. SIGHUP recycles the workers one after the
// other. Run expects to be the only user of the process, with process id 1: it sets GOMAXPROCS and
// the dumpable flag, handles signals and reaps orphans.
func Run(ctx context.Context, o Options) error {
	// The supervisor needs little CPU time; the cores are for the runs. Fewer threads also mean
	// fewer context switches: on two cores, one thread instead of two saves a quarter of the
	// supervisor's CPU time per submission. The Go scheduler preempts a long task, such as a large
	// body, after 10 ms.
	runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/2))

	signals := make(chan os.Signal, 2)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	defer signal.Stop(signals)

	e, err := assemble(ctx, o)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (flag --listen): %w", o.Listen, err)
	}
	return e.run(ctx, server.Listener{Listener: listener}, signals)
}

// executor holds the parts of one executor process.
type executor struct {
	options     Options
	queue       *queue.Queue[*job.Job]
	supervisor  *supervisor.Supervisor
	server      *server.Server
	tierReached bool // the tier is at least the minimum
	log         *slog.Logger
}

// assemble probes the isolation and builds the parts. It starts nothing.
func assemble(ctx context.Context, o Options) (*executor, error) {
	// Runs have the user id of this process. The flag denies them its environment and memory even
	// without Landlock.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("clear the dumpable flag of the process: %w", err)
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
		return nil, errors.New("none of the table's languages has its tools installed here; install some or fix the table (flag --languages)")
	}
	paths := slices.Concat(o.Languages, table.Paths())
	tier, reason := o.Probe(ctx, o.Scratch, paths)
	o.Log.Info("isolation probed", "tier", tier.String(), "minimum", o.MinimumTier.String(), "reason", reason)

	q := job.NewQueue(o.QueueCapacity, queue.RealClock{})
	metrics := server.NewMetrics()
	supervisor, err := supervisor.New(supervisor.Config{
		Workers: o.Workers, Threads: o.Threads, Timeout: o.Timeout, RecycleAfter: o.RecycleAfter,
		Limits: o.Limits, Tier: tier, Languages: o.Languages, Paths: paths, Scratch: o.Scratch, CacheSize: o.CacheSize, Command: o.WorkerCommand,
		Queue: q, Random: rand.Float64, Log: o.Log, Restarted: metrics.CountRestart,
	})
	if err != nil {
		return nil, err
	}
	srv := server.New(server.Config{
		Queue: q, Slots: supervisor, Metrics: metrics, Languages: languages, Bounds: o.bounds(),
		QueueWait: o.QueueWait, MaxBody: o.MaxBody, MaxBuffered: o.MaxBuffered,
		Tier: tier, TierReason: reason, MinimumTier: o.MinimumTier,
		Clock: queue.RealClock{}, Log: o.Log, Version: o.Version,
	})
	return &executor{options: o, queue: q, supervisor: supervisor, server: srv, tierReached: tier >= o.MinimumTier, log: o.Log}, nil
}

// bounds returns the ceilings in the units of the API.
func (o Options) bounds() api.Bounds {
	return api.Bounds{Limits: api.Limits{
		CPUMillis:  o.Limits.CPU.Milliseconds(),
		WallMillis: o.Timeout.Milliseconds(),
		MemoryMiB:  o.Limits.Memory >> 20,
		OutputKiB:  o.Limits.Output >> 10,
		Processes:  o.Limits.Processes,
	}}
}

// run serves on listener until a signal or the end of ctx, and drains.
func (e *executor) run(ctx context.Context, listener net.Listener, signals <-chan os.Signal) error {
	abortCtx, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	supervisorDone := make(chan struct{})
	go func() {
		defer close(supervisorDone)
		// Below the minimum tier nothing may run. The process still serves, so that /readyz reports
		// the cause.
		if e.tierReached {
			e.supervisor.Run(abortCtx)
		}
	}()
	stopRecycling := e.recycleOnHangup(abortCtx)
	defer stopRecycling()

	httpServer := e.server.HTTPServer()
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	e.log.Info("executor serves", "address", listener.Addr().String(), "slots", e.supervisor.Slots(), "version", e.options.Version)

	select {
	case err := <-served:
		abort()
		<-supervisorDone
		return fmt.Errorf("serve HTTP: %w", err)
	case sig := <-signals:
		e.log.Info("shutting down", "signal", sig.String())
	case <-ctx.Done():
		e.log.Info("shutting down", "signal", "none")
	}
	drainErr := e.drain(listener, signals, supervisorDone, abort)
	// Every accepted job has its outcome now. Only responses remain to be written.
	timeout := server.WriteTimeout
	if drainErr != nil {
		timeout = time.Second
	}
	writeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	// drain has closed the listener, for which ShutdownWithContext reports net.ErrClosed.
	if err := httpServer.ShutdownWithContext(writeCtx); err != nil && !errors.Is(err, net.ErrClosed) {
		e.log.Warn("some clients did not read their responses", "error", err)
	}
	e.writeTerminationMessage(terminationMessagePath)
	if drainErr != nil {
		return drainErr
	}
	e.log.Info("executor has drained")
	return nil
}

// terminationMessagePath is the file that the kubelet reads when the container has ended. The
// kubelet copies it to the pod's status as the termination message.
const terminationMessagePath = "/dev/termination-log"

// writeTerminationMessage writes the final totals to file, because GET /v1/totals is gone with the
// process. It does nothing if the file does not exist, as is the case outside of a pod.
func (e *executor) writeTerminationMessage(file string) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if err := json.NewEncoder(f).Encode(e.server.Totals()); err != nil {
		e.log.Warn("the termination message could not be written", "file", file, "error", err)
	}
}

// drain stops the acceptance of submissions and returns when every accepted submission has its
// outcome. It returns ErrForced after a second signal and ErrNotDrained after the drain limit; it
// then answers the queued submissions with 503 and kills the workers.
func (e *executor) drain(listener net.Listener, signals <-chan os.Signal, supervisorDone <-chan struct{}, abort func()) error {
	e.server.SetPhase(server.PhaseTerminating)
	delay := time.NewTimer(e.options.DrainDelay)
	defer delay.Stop()
	var drainErr error
	select {
	case <-delay.C:
	case <-signals:
		drainErr = ErrForced
	}
	e.server.SetPhase(server.PhaseDraining)
	_ = listener.Close() // open connections stay open
	e.queue.Close()
	if drainErr == nil {
		// After this time every queued submission has expired, and every slot has reported or its
		// worker was replaced.
		limit := time.NewTimer(e.options.QueueWait + e.options.Timeout + drainSlack)
		defer limit.Stop()
		select {
		case <-supervisorDone:
			return nil
		case <-limit.C:
			drainErr = ErrNotDrained
		case <-signals:
			drainErr = ErrForced
		}
	}
	e.log.Warn("stopping at once", "waiting", e.queue.Depth(), "busy", e.supervisor.Busy())
	for _, j := range e.queue.Clear() {
		j.Answer(job.Outcome{Disposition: job.Dropped})
	}
	abort()
	<-supervisorDone
	return drainErr
}

// drainSlack is the time to detect a hung worker, to kill it and to clean up after it.
const drainSlack = 15 * time.Second

// recycleOnHangup recycles the workers at SIGHUP. All signals during one recycling count as one.
// stop ends it and waits.
func (e *executor) recycleOnHangup(ctx context.Context) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, unix.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	var recycling sync.WaitGroup
	recycling.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				e.log.Info("replacing all workers", "signal", "hangup")
				e.supervisor.Recycle(ctx)
			}
		}
	})
	return func() {
		signal.Stop(hangup)
		cancel()
		recycling.Wait()
	}
}
