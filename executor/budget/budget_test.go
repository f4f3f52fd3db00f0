package budget

import (
	"context"
	"testing"
	"time"
)

func TestRequestsLeaveTheShareOfAnswers(t *testing.T) {
	b := New(100, 50)
	if !b.ClaimRequest(60) || !b.ClaimRequest(40) {
		t.Fatal("requests cannot fill their share")
	}
	if b.ClaimRequest(1) {
		t.Error("a request took the share of answers")
	}
	release, err := b.ClaimAnswer(t.Context(), 50)
	if err != nil {
		t.Fatal(err)
	}
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.ClaimAnswer(expired, 1); err == nil {
		t.Error("an answer got memory that nobody released")
	}
	b.ReleaseRequest(60)
	if b.requests.Load() != 40 {
		t.Errorf("requests hold %d bytes, want 40", b.requests.Load())
	}
	release()
	release() // has no effect
	if !b.ClaimRequest(60) || b.ClaimRequest(1) {
		t.Error("the capacity changed")
	}
}

func TestAnswersTakeTurns(t *testing.T) {
	b := New(100, 50)
	first, err := b.ClaimAnswer(t.Context(), 1000) // more than there is
	if err != nil {
		t.Fatal(err)
	}
	if b.ClaimRequest(1) {
		t.Error("a request got memory of a budget that is full")
	}
	got := make(chan func())
	go func() {
		second, err := b.ClaimAnswer(context.Background(), 150)
		if err != nil {
			t.Error(err)
		}
		got <- second
	}()
	select {
	case <-got:
		t.Fatal("two answers hold the whole budget")
	case <-time.After(20 * time.Millisecond):
	}
	first()
	(<-got)()
	if !b.ClaimRequest(100) {
		t.Error("the memory is still claimed")
	}
}
