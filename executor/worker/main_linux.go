package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

// socketFD is where a worker process finds its end of the socket pair.
const socketFD = 3

// Main is the whole life of a worker process: it serves the supervisor on descriptor 3 until that closes, then ends its
// own runs and returns. It needs nothing else from its environment.
func Main() error {
	unix.CloseOnExec(socketFD)
	conn, err := fileConn(os.NewFile(socketFD, "supervisor"))
	if err != nil {
		return fmt.Errorf("the hidden command worker is started by the supervisor, not by hand: %w", err)
	}
	// A signal to the whole process group (Ctrl-C) is for the supervisor, which lets the slots finish. It is caught, not
	// ignored: what is ignored would stay ignored in the contestants' programs.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)

	l := newLink(conn, 0)
	defer l.close()
	var h hello
	if err := l.receive(&h); err != nil {
		return fmt.Errorf("read the supervisor's settings: %w", err)
	}
	slots, err := prepare(h)
	if err != nil {
		if sendErr := l.send(report{Kind: reportFailed, Error: err.Error()}, silence); sendErr != nil {
			return errors.Join(err, sendErr)
		}
		return err
	}
	return serve(l, slots)
}

func prepare(h hello) ([]*workSlot, error) {
	if err := sandbox.Init(); err != nil {
		return nil, err
	}
	table, err := toolchain.Load(h.Languages...)
	if err != nil {
		return nil, fmt.Errorf("load the language table: %w", err)
	}
	slots := make([]*workSlot, len(h.Dirs))
	for i, dir := range h.Dirs {
		j, err := judge.New(judge.Config{Table: table, Dir: dir, Limits: h.Limits, Tier: h.Tier})
		if err != nil {
			return nil, fmt.Errorf("prepare slot %s: %w", dir, err)
		}
		slots[i] = &workSlot{judge: j, orders: make(chan order, 1)}
	}
	return slots, nil
}

// workSlot is a slot's side in the worker process.
type workSlot struct {
	judge  *judge.Judge
	orders chan order // the supervisor sends the next run only after the result of the last

	mu     sync.Mutex
	seq    uint64
	cancel context.CancelFunc
	early  uint64 // a cancel that came before its run was begun
}

func serve(l *link, slots []*workSlot) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for i, s := range slots {
		running.Go(func() { s.loop(ctx, l, i) })
	}
	if err := l.send(report{Kind: reportReady}, silence); err != nil {
		cancel()
		return fmt.Errorf("report ready: %w", err)
	}
	go beat(ctx, l)

	err := read(l, slots)
	// The supervisor closed the socket, or is gone: nobody wants the results, so the runs end now, whole trees.
	cancel()
	for _, s := range slots {
		close(s.orders)
	}
	running.Wait()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("read an order: %w", err)
}

func read(l *link, slots []*workSlot) error {
	for {
		var o order
		if err := l.receive(&o); err != nil {
			return err
		}
		if o.Slot < 0 || o.Slot >= len(slots) {
			return fmt.Errorf("order for slot %d of %d", o.Slot, len(slots))
		}
		switch s := slots[o.Slot]; o.Kind {
		case orderRun:
			s.orders <- o
		case orderCancel:
			s.cancelRun(o.Seq)
		}
	}
}

func beat(ctx context.Context, l *link) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// An error shows in the reader too, which ends the process.
			_ = l.send(report{Kind: reportAlive}, silence)
		}
	}
}

func (s *workSlot) loop(ctx context.Context, l *link, index int) {
	defer func() { _ = s.judge.Close() }() // the process ends with it
	for o := range s.orders {
		result := s.run(ctx, o)
		if err := l.send(report{Kind: reportResult, Slot: index, Seq: o.Seq, Result: &result}, silence); err != nil {
			// The supervisor reads always, so it is gone or the stream is broken. Closing tells the reader.
			l.close()
			return
		}
	}
}

func (s *workSlot) run(ctx context.Context, o order) api.Result {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s.mu.Lock()
	s.seq, s.cancel = o.Seq, cancel
	if s.early == o.Seq {
		cancel()
	}
	s.mu.Unlock()
	return s.judge.Do(ctx, *o.Request)
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
