package executor

import (
	"context"
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

	"github.com/valyala/fasthttp"
	"golang.org/x/sys/unix"

	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox/container"
	"executorpool.dev/executor/server"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/supervisor"
	"executorpool.dev/executor/toolchain"
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
	return e.run(ctx, e.server.Listener(listener), signals)
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
	group, err := container.Open()
	if err != nil {
		// Without a control group of its own, the executor knows the memory of processes only.
		o.Log.Warn("the memory of the container is not watched", "reason", err)
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

	sizes := o.sizes()
	memory := budget.New(o.MaxBuffered, sizes.AnswerMiB()<<20)
	memoryLimit := int64(0)
	if os.Getenv("GOMEMLIMIT") == "" {
		memoryLimit = sizes.Memory().Supervisor << 20
	}
	q := job.NewQueue(o.QueueCapacity, queue.RealClock{})
	metrics := server.NewMetrics()
	supervisor, err := supervisor.New(supervisor.Config{
		Workers: o.Workers, Threads: o.Threads, Timeout: o.Timeout, RecycleAfter: o.RecycleAfter,
		Limits: o.Limits, Tier: tier, Languages: o.Languages, Paths: paths, Scratch: o.Scratch, CacheSize: o.CacheSize, Container: group, Command: o.WorkerCommand,
		Queue: q, Budget: memory, WorkerMemory: sizes.Memory().Worker << 20, Random: rand.Float64, Log: o.Log, Restarted: metrics.CountRestart,
	})
	if err != nil {
		return nil, err
	}
	srv := server.New(server.Config{
		Queue: q, Slots: supervisor, Metrics: metrics, Languages: languages, Bounds: o.bounds(),
		QueueWait: o.QueueWait, MaxBody: o.MaxBody, Budget: memory, MemoryLimit: memoryLimit, Connections: int(sizes.Connections()),
		Tier: tier, TierReason: reason, MinimumTier: o.MinimumTier,
		Clock: queue.RealClock{}, Log: o.Log, Version: o.Version,
	})
	return &executor{options: o, queue: q, supervisor: supervisor, server: srv, tierReached: tier >= o.MinimumTier, log: o.Log}, nil
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
	timeout := e.options.drainBudget().Write
	if drainErr != nil {
		timeout = settings.AbortWriteTime
	}
	if err := e.finishResponses(httpServer, signals, timeout); err != nil {
		e.log.Warn("some clients did not read their responses", "error", err)
	}
	e.writeTerminationMessage(e.options.TerminationMessage)
	if drainErr != nil {
		return drainErr
	}
	e.log.Info("executor has drained")
	return nil
}

// finishResponses waits until all responses are written, for at most timeout. A signal limits the
// rest of the wait to settings.AbortWriteTime. It returns an error if a response remains.
func (e *executor) finishResponses(httpServer *fasthttp.Server, signals <-chan os.Signal, timeout time.Duration) error {
	e.log.Info("every submission has its outcome", "secondsForResponses", timeout.Seconds())
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	go func() {
		select {
		case <-ctx.Done():
		case sig := <-signals:
			e.log.Warn("closing connections soon", "signal", sig.String(), "seconds", settings.AbortWriteTime.Seconds())
			time.AfterFunc(settings.AbortWriteTime, cancel)
		}
	}()
	err := httpServer.ShutdownWithContext(ctx)
	if errors.Is(err, net.ErrClosed) { // drain has closed the listener
		return nil
	}
	return err
}

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
