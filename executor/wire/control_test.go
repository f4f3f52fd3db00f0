package wire

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

func controlPair(tb testing.TB, timeout time.Duration) (a, b *Control) {
	tb.Helper()
	ours, file, err := SocketPair()
	if err != nil {
		tb.Fatal(err)
	}
	theirs, err := FileConn(file)
	if err != nil {
		tb.Fatal(err)
	}
	a, b = NewMonitoredControl(ours, timeout), NewControl(theirs)
	tb.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

func TestControlReceiveFailsAfterSilence(t *testing.T) {
	a, _ := controlPair(t, 20*time.Millisecond)
	var r Notification
	if err := a.Receive(&r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestControlSendFailsWhenNobodyReads(t *testing.T) {
	a, _ := controlPair(t, HeartbeatTimeout)
	err := a.Send(Assignment{Request: &api.Request{Source: strings.Repeat("x", 8<<20)}}, 20*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
