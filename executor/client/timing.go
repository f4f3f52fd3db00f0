package client

import (
	"net/http/httptrace"
	"sync"
	"time"
)

// Timing holds the parts of the time of one call. A part that the call did not reach is 0; the
// parts add up to the whole call.
type Timing struct {
	// Reused reports whether the connection carried another request before.
	Reused bool
	// Connect is the time until there was a connection: a new one, or one of those in use.
	Connect time.Duration
	// Send is the time from then until the whole request was written to the connection.
	Send time.Duration
	// Wait is the time from then until the first byte of the answer: the way through the network,
	// the queue and the slot.
	Wait time.Duration
	// Receive is the time from then until the answer was read and decoded.
	Receive time.Duration
}

// trace records the progress of one request. Its hooks run on the goroutines of the transport, and
// may run after the call has returned.
type trace struct {
	mu    sync.Mutex
	begun time.Time
	// connections is how many connections the request got, one after the other.
	connections int
	reused      bool
	// unwritten reports whether the last write of the request failed.
	unwritten                    bool
	connected, written, answered time.Time
}

func newTrace() *trace { return &trace{begun: time.Now()} }

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.connections++
			t.connected, t.reused = time.Now(), info.Reused
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.unwritten = info.Err != nil
			if info.Err == nil {
				t.written = time.Now()
			}
		},
		GotFirstResponseByte: func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.answered = time.Now()
		},
	}
}

// cutOff reports whether the write of the request failed, so that the executor cannot have the
// whole request. It is false if net/http used several connections: the failure may then belong to
// an earlier connection than the one that carried the request.
func (t *trace) cutOff() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.connections == 1 && t.unwritten
}

// timing returns the parts up to now. An answer may begin before the request was written, as that
// to a body over the limit does; the part Send then ends with it.
func (t *trace) timing() Timing {
	t.mu.Lock()
	defer t.mu.Unlock()
	timing := Timing{Reused: t.reused}
	now := time.Now()
	last := t.begun
	part := func(end time.Time) time.Duration {
		if end.IsZero() {
			end = now
		}
		d := max(0, end.Sub(last))
		last = last.Add(d)
		return d
	}
	timing.Connect = part(t.connected)
	timing.Send = part(earliest(t.written, t.answered))
	timing.Wait = part(t.answered)
	timing.Receive = part(now)
	return timing
}

// earliest returns the earlier of two times, where the zero time is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
