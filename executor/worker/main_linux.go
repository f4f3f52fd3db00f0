package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/container"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/executor/wire"
)

// Main is the main function of a worker process. It serves the supervisor on the inherited
// connections until the control socket closes, then ends its runs and returns.
func Main() error {
	control, err := wire.InheritControl()
	if err != nil {
		return fmt.Errorf("only the supervisor can start the hidden command worker: %w", err)
	}
	// A signal to the whole process group (Ctrl-C) is for the supervisor, which lets the slots
	// finish. The signal is caught, because contestants' programs would inherit an ignored signal.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)

	defer control.Close()
	var settings wire.Settings
	if err := control.Receive(&settings); err != nil {
		return fmt.Errorf("read the supervisor's settings: %w", err)
	}
	// The collector works harder near the limit, and lets the heap grow to twice its size below.
	debug.SetMemoryLimit(settings.Memory)
	slots, err := prepare(settings)
	if err != nil {
		return errors.Join(err, control.Send(&wire.Notification{Kind: wire.StartFailed, Error: err.Error()}))
	}
	return serve(control, slots)
}

// prepare makes the slots.
func prepare(settings wire.Settings) ([]*slot, error) {
	if err := sandbox.Init(); err != nil {
		return nil, err
	}
	if err := settings.Priority.Check(); err != nil {
		return nil, err
	}
	if settings.Container {
		group, err := container.Inherit(wire.InheritedAfter(len(settings.Dirs)))
		if err != nil {
			return nil, err
		}
		if err := sandbox.GuardContainer(group, settings.ShareLock+"-guard"); err != nil {
			return nil, err
		}
	}
	table, err := toolchain.Load(settings.Languages...)
	if err != nil {
		return nil, fmt.Errorf("load the language table: %w", err)
	}
	var artifacts *cache.Cache
	if settings.CacheSize > 0 {
		if artifacts, err = cache.Open(settings.Cache, settings.CacheSize); err != nil {
			return nil, err
		}
	}
	slots := make([]*slot, len(settings.Dirs))
	for i, dir := range settings.Dirs {
		slots[i], err = newSlot(wire.InheritPipes(i), judge.Config{Table: table, Dir: dir, Limits: settings.Limits, Tier: settings.Tier, Cache: artifacts,
			ShareLock: settings.ShareLock})
		if err != nil {
			return nil, fmt.Errorf("prepare slot %s: %w", dir, err)
		}
	}
	return slots, nil
}

// slot is one slot of the worker process.
type slot struct {
	judge *judge.Judge
	conn  *wire.Conn

	mu                sync.Mutex
	seq               uint64
	cancel            context.CancelFunc
	cancelledEarly    uint64 // an assignment that was cancelled before it began
	cancelledPrefetch uint64 // an assignment whose prefetch was cancelled
}

func newSlot(pipes wire.BlockingPipes, config judge.Config) (*slot, error) {
	conn := wire.NewConn(pipes)
	config.HasNext = func() bool { return prefetched(conn, pipes) }
	j, err := judge.New(config)
	if err != nil {
		return nil, err
	}
	return &slot{judge: j, conn: conn}, nil
}

func serve(control *wire.Control, slots []*slot) error {
	// The thread of a slot blocks in system calls, during which the runtime leaves it its
	// processor, because its watchdog is slow (see cmd/executor). Two more processors are for
	// cancellations, the heartbeat, the monitor and the counting of processes, which must not wait.
	runtime.GOMAXPROCS(len(slots) + 2)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, s := range slots {
		running.Go(func() { s.serve(ctx) })
	}
	if err := control.Send(&wire.Notification{Kind: wire.Ready}); err != nil {
		cancel()
		return fmt.Errorf("send the supervisor readiness: %w", err)
	}
	go sendHeartbeats(ctx, control)

	err := receiveCancels(control, slots)
	// The supervisor has closed the socket and the pipes, or has ended. The runs end now.
	cancel()
	if !errors.Is(err, io.EOF) {
		// The pipes may still be open, so the slots may not end. The runs end with the process.
		return fmt.Errorf("receive cancellations: %w", err)
	}
	running.Wait()
	return nil
}

// receiveCancels passes each Cancel to its slot until the control socket closes.
func receiveCancels(control *wire.Control, slots []*slot) error {
	for {
		var c wire.Cancel
		if err := control.Receive(&c); err != nil {
			return err
		}
		if c.Slot < 0 || c.Slot >= len(slots) {
			return fmt.Errorf("cancel for slot %d of %d", c.Slot, len(slots))
		}
		if c.PrefetchOnly {
			if err := slots[c.Slot].answerCancel(control, c); err != nil {
				return err
			}
			continue
		}
		slots[c.Slot].cancelRun(c.Seq)
	}
}

// sendHeartbeats sends heartbeats until ctx ends.
func sendHeartbeats(ctx context.Context, control *wire.Control) {
	ticker := time.NewTicker(wire.HeartbeatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// receiveCancels gets the same error and ends the process.
			_ = control.Send(&wire.Notification{Kind: wire.Heartbeat})
		}
	}
}

// serve runs assignments until the pipe of the slot closes.
func (s *slot) serve(ctx context.Context) {
	defer func() { _ = s.judge.Close() }() // the process ends with it
	// On fails for a closed slot only.
	_ = s.judge.On(func() {
		for {
			var a wire.Assignment
			if s.conn.Receive(&a) != nil {
				// The supervisor has closed the pipe or has ended. It detects a malformed stream
				// itself.
				s.conn.Close()
				return
			}
			result, ran := s.run(ctx, a)
			if !ran {
				s.judge.RemoveResidue()
				continue
			}
			if s.conn.Send(&wire.Completion{Result: &result}) != nil {
				s.conn.Close()
				return
			}
		}
	})
}

// run runs the assignment. ran is false when its prefetch was cancelled.
func (s *slot) run(ctx context.Context, a wire.Assignment) (result api.Result, ran bool) {
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	if !s.begin(a.Seq, cancel) {
		return api.Result{}, false
	}
	return s.judge.Do(ctx, *a.Request), true
}

// begin reports whether the assignment may begin. From then on, its prefetch cannot be cancelled.
func (s *slot) begin(seq uint64, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancelledPrefetch == seq {
		return false
	}
	s.seq, s.cancel = seq, cancel
	if s.cancelledEarly == seq {
		cancel()
	}
	return true
}

// cancelRun ends the run of the assignment seq, or lets it end as soon as it begins.
func (s *slot) cancelRun(seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq == seq {
		s.cancel()
	} else if seq > s.seq {
		s.cancelledEarly = seq
	}
}
