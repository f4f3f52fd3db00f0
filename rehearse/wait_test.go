package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// replicas answers each question as the next of some replicas, as a Service may.
type replicas struct {
	processes []string
	asked     atomic.Int64
	// notReady is the number of first questions to which no replica is ready.
	notReady int64
	draining bool
	kept     atomic.Bool
}

func (r *replicas) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	n := r.asked.Add(1)
	r.kept.Store(r.kept.Load() || !request.Close)
	w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
	if request.URL.Path == api.PathTotals {
		json.NewEncoder(w).Encode(api.Totals{Process: r.processes[int(n)%len(r.processes)], Draining: r.draining})
		return
	}
	readiness := api.Readiness{Ready: n > r.notReady}
	if !readiness.Ready {
		readiness.Reason = "no worker process"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(readiness)
}

func TestWaitForPool(t *testing.T) {
	for name, tc := range map[string]struct {
		pool     *replicas
		replicas int
		// want is a part of the error; "" is none.
		want, progress string
	}{
		"ready":           {&replicas{}, 0, "", ""},
		"ready later":     {&replicas{notReady: 2}, 0, "", "not ready for 0 s: no worker process\n"},
		"never ready":     {&replicas{notReady: 1e9}, 0, ": not ready after 2s: no worker process", "not ready for 0 s: no worker process\n"},
		"all replicas":    {&replicas{processes: []string{"a", "b", "c"}}, 3, "", ""},
		"too few":         {&replicas{processes: []string{"a", "b", "c"}}, 4, "3 of 4 replicas answer", "3 of 4 replicas answer\n"},
		"too many":        {&replicas{processes: []string{"a", "b", "c"}}, 2, "3 of 2 replicas answer", "3 of 2 replicas answer\n"},
		"one shuts down":  {&replicas{processes: []string{"a"}, draining: true}, 1, "a replica shuts down", "a replica shuts down\n"},
		"no such address": {nil, 0, "connection refused", "connection refused\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			config := WaitConfig{URL: "http://127.0.0.1:1", Replicas: tc.replicas, Timeout: 10 * time.Second, Stderr: &stderr}
			if tc.pool != nil {
				config.URL = serveHandler(t, tc.pool)
			}
			if tc.want != "" {
				config.Timeout = 2 * time.Second
			}
			err := Wait(t.Context(), config)
			if (err == nil) != (tc.want == "") || (err != nil && (!errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), tc.want))) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if got := stderr.String(); !strings.HasSuffix(got, tc.progress) || strings.Count(got, "\n") > 1 {
				t.Errorf("progress %q, want one line with %q", got, tc.progress)
			}
			if tc.pool != nil && tc.pool.kept.Load() {
				t.Error("a question did not close its connection")
			}
		})
	}
}

func TestWaitInterrupted(t *testing.T) {
	ctx, interrupt := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer interrupt()
	var stderr bytes.Buffer
	err := Wait(ctx, WaitConfig{URL: serveHandler(t, &replicas{notReady: 1e9}), Timeout: time.Minute, Stderr: &stderr, Terminal: true})
	if !errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), "interrupted: no worker process") {
		t.Errorf("error %v, want an interruption", err)
	}
	if !strings.HasSuffix(stderr.String(), "\r\x1b[K") || strings.Contains(stderr.String(), "\n") {
		t.Errorf("progress %q, want one line that is cleared at the end", &stderr)
	}
}

func TestWaitRefusesToBegin(t *testing.T) {
	for want, config := range map[string]WaitConfig{
		`url "pool"`:  {URL: "pool", Timeout: time.Second},
		"replicas -1": {URL: "http://pool", Timeout: time.Second, Replicas: -1},
		"timeout 0s":  {URL: "http://pool"},
	} {
		if err := Wait(t.Context(), config); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
