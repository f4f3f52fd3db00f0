package envtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"executorpool.dev/executor/api"
)

// busyExecutor serves submissions that it is given by number, each for the same time, and says so as an executor does.
type busyExecutor struct {
	executor
	service time.Duration
	waiting int
	running []time.Time // when each will have finished
	// lie changes what it says of itself; nil for the truth.
	lie func(*api.State)
}

func newBusyExecutor(service time.Duration) *busyExecutor {
	return &busyExecutor{service: service, executor: executor{
		started: time.Now().Add(-time.Hour),
		state:   api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"},
	}}
}

func (e *busyExecutor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.work(0)
	var lied api.State
	e.set(func(*executor) {
		if e.lie != nil && !e.silent {
			lied = e.state
			lied.UptimeMillis = time.Since(e.started).Milliseconds()
			e.lie(&lied)
		}
	})
	if lied != (api.State{}) && r.URL.Path == api.PathState {
		e.set(func(e *executor) { e.asked++ })
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		_ = json.NewEncoder(w).Encode(lied)
		return
	}
	e.executor.ServeHTTP(w, r)
}

// work gives it n more submissions and has it do what it has done by now. It returns how many it holds.
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
