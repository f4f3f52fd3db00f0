package wire

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

func controlPair(tb testing.TB, silence, sendTimeout time.Duration) (a, b *Control) {
	tb.Helper()
	ours, file, err := socketPair()
	if err != nil {
		tb.Fatal(err)
	}
	theirs, err := fileConn(file)
	if err != nil {
		tb.Fatal(err)
	}
	a, b = newControl(ours, silence, sendTimeout), newControl(theirs, 0, HeartbeatTimeout)
	tb.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

func TestControlReceiveFailsAfterSilence(t *testing.T) {
	a, _ := controlPair(t, 20*time.Millisecond, HeartbeatTimeout)
	var n Notification
	if err := a.Receive(&n); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestControlSendFailsWhenNobodyReads(t *testing.T) {
	a, _ := controlPair(t, HeartbeatTimeout, 20*time.Millisecond)
	err := a.Send(&Assignment{Request: &api.Request{Source: strings.Repeat("x", 8<<20)}})
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestControlSendsFromManyGoroutines(t *testing.T) {
	a, b := controlPair(t, HeartbeatTimeout, HeartbeatTimeout)
	const senders, each = 8, 100
	var sending sync.WaitGroup
	for slot := range senders {
		sending.Go(func() {
			for seq := range uint64(each) {
				if err := a.Send(&Cancel{Slot: slot, Seq: seq}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var next [senders]uint64
	for range senders * each {
		var c Cancel
		if err := b.Receive(&c); err != nil {
			t.Fatal(err)
		}
		if c.Seq != next[c.Slot] {
			t.Fatalf("slot %d: received %d, want %d", c.Slot, c.Seq, next[c.Slot])
		}
		next[c.Slot]++
	}
	sending.Wait()
	a.Close()
	if err := b.Receive(&Cancel{}); !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v, want EOF", err)
	}
}
