package worker

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

func linkPair(tb testing.TB, silence time.Duration) (a, b *link) {
	tb.Helper()
	ours, file, err := socketPair()
	if err != nil {
		tb.Fatal(err)
	}
	theirs, err := fileConn(file)
	if err != nil {
		tb.Fatal(err)
	}
	a, b = newWatchedLink(ours, silence), newLink(theirs)
	tb.Cleanup(func() {
		a.close()
		b.close()
	})
	return a, b
}

func TestLinkSilenceEndsReceiving(t *testing.T) {
	a, _ := linkPair(t, 20*time.Millisecond)
	var r report
	if err := a.receive(&r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestLinkSendGivesUpWhenNobodyReads(t *testing.T) {
	a, _ := linkPair(t, silence)
	err := a.send(order{Request: &api.Request{Source: strings.Repeat("x", 8<<20)}}, 20*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}
