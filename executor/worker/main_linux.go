package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/cache"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/executor/wire"
)

// A worker process finds its own socket at socketFD, and the two pipes of each of its slots after it.
const (
	socketFD    = 3
	firstSlotFD = socketFD + 1
)

// Main is the whole life of a worker process: it serves the supervisor on descriptors 3 and up until the first closes, then
// ends its own runs and returns. It needs nothing else from its environment.
func Main() error {
	unix.CloseOnExec(socketFD)
	conn, err := wire.FileConn(os.NewFile(socketFD, "supervisor"))
	if err != nil {
		return fmt.Errorf("the hidden command worker is started by the supervisor, not by hand: %w", err)
	}
	// A signal to the whole process group (Ctrl-C) is for the supervisor, which lets the slots finish. It is caught, not
	// ignored: what is ignored would stay ignored in the contestants' programs.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)

	l := wire.NewLink(conn)
	defer l.Close()
	var h wire.Hello
	if err := l.Receive(&h); err != nil {
		return fmt.Errorf("read the supervisor's settings: %w", err)
	}
	slots, err := prepare(h)
	if err != nil {
		return errors.Join(err, l.Send(wire.Report{Kind: wire.ReportFailed, Error: err.Error()}, wire.Silence))
	}
	return serve(l, slots)
}

func prepare(h wire.Hello) ([]*workSlot, error) {
	if err := sandbox.Init(); err != nil {
		return nil, err
	}
	table, err := toolchain.Load(h.Languages...)
	if err != nil {
		return nil, fmt.Errorf("load the language table: %w", err)
	}
	var kept *cache.Cache
	if h.CacheSize > 0 {
		if kept, err = cache.Open(h.Cache, h.CacheSize); err != nil {
			return nil, err
		}
	}
	slots := make([]*workSlot, len(h.Dirs))
	for i, dir := range h.Dirs {
		pipes := wire.Blocking{In: firstSlotFD + 2*i, Out: firstSlotFD + 2*i + 1}
		unix.CloseOnExec(pipes.In)
		unix.CloseOnExec(pipes.Out)
		slots[i], err = newWorkSlot(pipes, judge.Config{Table: table, Dir: dir, Limits: h.Limits, Tier: h.Tier, Cache: kept})
		if err != nil {
			return nil, fmt.Errorf("prepare slot %s: %w", dir, err)
		}
	}
	return slots, nil
}

// workSlot is a slot's side in the worker process.
type workSlot struct {
	judge *judge.Judge
	wire  *wire.Wire

	mu       sync.Mutex
	seq      uint64
	cancel   context.CancelFunc
	early    uint64 // a cancel that came before its run was begun
	recalled uint64 // an order that the supervisor has taken back
}

func newWorkSlot(pipes wire.Blocking, config judge.Config) (*workSlot, error) {
	w := wire.NewWire(pipes)
	config.More = func() bool { return w.Begun() || pipes.Ready() }
	j, err := judge.New(config)
	if err != nil {
		return nil, err
	}
	return &workSlot{judge: j, wire: w}, nil
}

func serve(l *wire.Link, slots []*workSlot) error {
	// A slot's thread waits inside system calls, and the runtime, whose watchdog is slow (see cmd/executor), leaves it its
	// processor meanwhile. One more is for what must not wait: cancelling, the heartbeat, the monitor.
	runtime.GOMAXPROCS(len(slots) + 1)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, s := range slots {
		running.Go(func() { s.serve(ctx) })
	}
	if err := l.Send(wire.Report{Kind: wire.ReportReady}, wire.Silence); err != nil {
		cancel()
		return fmt.Errorf("report ready: %w", err)
	}
	go beat(ctx, l)

	err := read(l, slots)
	// The supervisor closed the socket and the pipes, or is gone: nobody wants the results, so the runs end now, whole trees.
	cancel()
	if !errors.Is(err, io.EOF) {
		// The pipes may be open. Runs end with the process.
		return fmt.Errorf("read what to cancel: %w", err)
	}
	running.Wait()
	return nil
}

func read(l *wire.Link, slots []*workSlot) error {
	for {
		var c wire.Cancel
		if err := l.Receive(&c); err != nil {
			return err
		}
		if c.Slot < 0 || c.Slot >= len(slots) {
			return fmt.Errorf("cancel for slot %d of %d", c.Slot, len(slots))
		}
		if !c.Recall {
			slots[c.Slot].cancelRun(c.Seq)
			continue
		}
		answer := wire.Report{Kind: wire.ReportBegun, Slot: c.Slot, Seq: c.Seq}
		if slots[c.Slot].recall(c.Seq) {
			answer.Kind = wire.ReportRecalled
		}
		if err := l.Send(answer, wire.Silence); err != nil {
			return err
		}
	}
}

func beat(ctx context.Context, l *wire.Link) {
	ticker := time.NewTicker(wire.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// An error shows in the reader too, which ends the process.
			_ = l.Send(wire.Report{Kind: wire.ReportAlive}, wire.Silence)
		}
	}
}

// serve does what the supervisor orders until its socket closes.
func (s *workSlot) serve(ctx context.Context) {
	defer func() { _ = s.judge.Close() }() // the process ends with it
	// The slot is open: On does not fail.
	_ = s.judge.On(func() {
		for {
			var o wire.Order
			if s.wire.Receive(&o) != nil {
				// The supervisor wants no more of this slot, or is gone; it notices by itself when the stream is broken.
				s.wire.Close()
				return
			}
			result, ran := s.run(ctx, o)
			if !ran {
				s.judge.Rest()
				continue
			}
			if s.wire.Send(&wire.Verdict{Result: &result}) != nil {
				s.wire.Close()
				return
			}
		}
	})
}

// run does what the order says, unless it was recalled.
func (s *workSlot) run(ctx context.Context, o wire.Order) (result api.Result, ran bool) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	if !s.begin(o.Seq, cancel) {
		return api.Result{}, false
	}
	return s.judge.Do(ctx, *o.Request), true
}

// begin says whether the order still stands; from then on it can be cancelled, and not recalled.
func (s *workSlot) begin(seq uint64, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recalled == seq {
		return false
	}
	s.seq, s.cancel = seq, cancel
	if s.early == seq {
		cancel()
	}
	return true
}

// recall takes an order back that has not begun.
func (s *workSlot) recall(seq uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq >= seq {
		return false
	}
	s.recalled = seq
	return true
}

func (s *workSlot) cancelRun(seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seq == seq {
		s.cancel()
	} else if seq > s.seq {
		s.early = seq
	}
}
