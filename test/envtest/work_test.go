package envtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"executorpool.dev/executor/api"
)

// busyExecutor simulates an executor. The test gives it a number of submissions, which all need the
// same service time. Its replica state is computed from the clock.
type busyExecutor struct {
	executor
	service time.Duration
	waiting int
	running []time.Time // the end times of the submissions in slots
	// falsify changes the replica state before it is sent. If it is nil, the state is correct.
	falsify func(*api.State)
}

func newBusyExecutor(service time.Duration) *busyExecutor {
	return &busyExecutor{service: service, executor: executor{
		started: time.Now().Add(-time.Hour),
		state:   api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"},
	}}
}

func (e *busyExecutor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.work(0)
	var falsified api.State
	e.set(func(*executor) {
		if e.falsify != nil && !e.silent {
			falsified = e.state
			falsified.UptimeMillis = time.Since(e.started).Milliseconds()
			e.falsify(&falsified)
		}
	})
	if falsified != (api.State{}) && r.URL.Path == api.PathState {
		e.set(func(e *executor) { e.asked++ })
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		_ = json.NewEncoder(w).Encode(falsified)
		return
	}
	e.executor.ServeHTTP(w, r)
}

// work adds n submissions, removes those that have finished, and returns the number that remains.
func (e *busyExecutor) work(n int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for len(e.running) > 0 && !e.running[0].After(now) {
		freed := e.running[0]
		e.running = e.running[1:]
		e.state.Answered++
		e.state.Finished++
		e.state.ServedMillis += uint64(e.service.Milliseconds())
		if e.waiting > 0 {
			e.waiting--
			e.start(freed)
		}
	}
	e.state.Accepted += uint64(n)
	for e.waiting += n; e.waiting > 0 && len(e.running) < e.state.Slots; e.waiting-- {
		e.start(now)
	}
	e.state.Busy, e.state.Queued = len(e.running), e.waiting
	return len(e.running) + e.waiting
}

func (e *busyExecutor) start(at time.Time) {
	e.running = append(e.running, at.Add(e.service))
	slices.SortFunc(e.running, time.Time.Compare)
}
