package wire

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

func linkPair(tb testing.TB, silence time.Duration) (a, b *Link) {
	tb.Helper()
	ours, file, err := SocketPair()
	if err != nil {
		tb.Fatal(err)
	}
	theirs, err := FileConn(file)
	if err != nil {
		tb.Fatal(err)
	}
	a, b = NewWatchedLink(ours, silence), NewLink(theirs)
	tb.Cleanup(func() {
		a.Close()
		b.Close()
	})
	return a, b
}

func TestLinkSilenceEndsReceiving(t *testing.T) {
	a, _ := linkPair(t, 20*time.Millisecond)
	var r Report
	if err := a.Receive(&r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestLinkSendGivesUpWhenNobodyReads(t *testing.T) {
	a, _ := linkPair(t, Silence)
	err := a.Send(Order{Request: &api.Request{Source: strings.Repeat("x", 8<<20)}}, 20*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
