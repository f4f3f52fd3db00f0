package main

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/api"
)

const (
	slots    = 8
	capacity = 128
	// rate is the number of submissions per second that a replica at work accepts. Each takes about
	// one second.
	rate = 4
)

// executors serves all executors. The Host header of a request identifies the executor.
type executors struct {
	server *httptest.Server
	began  time.Time
	asked  atomic.Int64
	// workBegan is the time when all executors began to work, in nanoseconds since began. It is 0
	// while they rest.
	workBegan atomic.Int64

	mu     sync.Mutex
	seen   map[string]bool
	queues map[string]queue
}

// queue has the submissions of an executor besides its steady work: those in the queue, those in
// slots, and those that are finished.
type queue struct{ waiting, running, served int }

func newExecutors() *executors {
	e := &executors{began: time.Now().Add(-time.Hour), seen: map[string]bool{}, queues: map[string]queue{}}
	e.server = httptest.NewServer(e)
	return e
}

func (e *executors) stop() { e.server.Close() }

func (e *executors) address() string { return e.server.Listener.Addr().String() }

func (e *executors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.asked.Add(1)
	host, _, _ := net.SplitHostPort(r.Host)
	e.mu.Lock()
	e.seen[host] = true
	queued := e.queues[host]
	e.mu.Unlock()
	w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
	if r.URL.Path == api.PathState {
		_ = json.NewEncoder(w).Encode(e.state(host, queued))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"ready": true, "tier": "Restricted"})
}

// state returns the replica state of an executor now. An executor at rest has only the submissions
// of q. An executor at work has also used about four of its slots since the work began.
func (e *executors) state(host string, q queue) api.State {
	up := time.Since(e.began)
	s := api.State{Slots: slots, QueueCapacity: capacity, Tier: "Restricted", UptimeMillis: up.Milliseconds(), Queued: q.waiting}
	if workBegan := time.Duration(e.workBegan.Load()); workBegan > 0 {
		hash := fnv.New32a()
		hash.Write([]byte(host))
		// The service time varies between 0.8 and 1.2 seconds. The host determines the phase.
		t, phase := (up - workBegan).Seconds(), float64(hash.Sum32()%628)/100
		s.Accepted = uint64(rate * t)
		s.Finished = uint64(rate * max(0, t-1+0.2*math.Sin(t+phase)))
		s.Answered, s.ServedMillis = s.Finished, s.Finished*1000
		s.Busy = int(s.Accepted - s.Finished)
	}
	s.Accepted += uint64(q.waiting + q.running + q.served)
	s.Answered += uint64(q.served)
	s.Finished += uint64(q.served)
	s.ServedMillis += uint64(q.served) * 1000
	s.Busy += q.running
	if q.waiting > 0 {
		s.OldestMillis = 500
	}
	return s
}

// work lets all executors work if on is true, and rest otherwise.
func (e *executors) work(on bool) {
	if on {
		e.workBegan.Store(int64(time.Since(e.began)))
		return
	}
	e.workBegan.Store(0)
}

// queue adds waiting submissions to the queue of each host and fills its free slots. If waiting is
// 0, it finishes all submissions that it added before.
func (e *executors) queue(hosts []string, waiting int) {
	running := 0
	if waiting > 0 {
		running = slots
		if e.workBegan.Load() > 0 {
			// The steady work uses at most five slots.
			running -= 5
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, host := range hosts {
		q := e.queues[host]
		e.queues[host] = queue{waiting, running, q.served + q.waiting + q.running}
	}
}

func (e *executors) forgetSeen() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.seen)
}

func (e *executors) seenHosts() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.seen)
}

// dialTo returns a dial function that connects every address to the given one.
func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	var d net.Dialer
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, address)
	}
}
