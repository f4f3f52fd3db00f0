package envtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// fleet serves the executors of all tests: it directs a connection to a pod's address to a server
// of a test.
type fleet struct {
	mu      sync.Mutex
	servers map[string]string
	count   int
}

func (f *fleet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	f.mu.Lock()
	to, known := f.servers[address]
	f.mu.Unlock()
	if !known {
		return nil, fmt.Errorf("connection to %s refused", address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, to)
}

// add serves handler under a new pod address and returns the address.
func (f *fleet) add(t *testing.T, handler http.Handler) (ip string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	ip = fmt.Sprintf("10.9.%d.%d", f.count/250, f.count%250+1)
	if f.servers == nil {
		f.servers = map[string]string{}
	}
	f.servers[ip+":8000"] = server.Listener.Addr().String()
	return ip
}

// executor is an HTTP handler that answers as an executor does. The tests change its answers.
type executor struct {
	mu      sync.Mutex
	state   api.State
	totals  api.Totals
	refusal string
	// verdict is the verdict of every submission, with the output 42. "" means OK.
	verdict api.Verdict
	// started is the start of the process. It is one hour before the first request if a test does not
	// set it. If frozen is true, the uptime does not change.
	started time.Time
	frozen  bool
	silent  bool
	asked   int
}

// requests returns the number of requests so far.
func (e *executor) requests() (n int) {
	e.set(func(e *executor) { n = e.asked })
	return n
}

func (e *executor) set(change func(*executor)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

func (e *executor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	if e.silent {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if e.started.IsZero() {
		e.started = time.Now().Add(-time.Hour)
	}
	if !e.frozen {
		e.state.UptimeMillis = time.Since(e.started).Milliseconds()
	}
	w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
	switch r.URL.Path {
	case api.PathState:
		_ = json.NewEncoder(w).Encode(e.state)
	case api.PathTotals:
		totals := e.totals
		totals.Process = cmp.Or(totals.Process, fmt.Sprintf("%p", e))
		totals.UptimeMillis = time.Since(e.started).Milliseconds()
		_ = json.NewEncoder(w).Encode(totals)
	case api.PathReadyz:
		if e.refusal != "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": e.refusal == "", "reason": e.refusal, "tier": e.state.Tier})
	case api.PathLanguages:
		_ = json.NewEncoder(w).Encode([]api.Language{{ID: "python3"}, {ID: "c"}})
	case api.PathExecute:
		verdict := cmp.Or(e.verdict, api.OK)
		_ = json.NewEncoder(w).Encode(api.Result{Verdict: verdict, Runs: []api.Stage{{Verdict: verdict, Stdout: "42\n"}}})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}
