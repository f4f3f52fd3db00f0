package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
)

// fixedSlots is a Slots with constant values, without a supervisor.
type fixedSlots struct {
	slots, busy int
	ready       error
}

func (f fixedSlots) Slots() int   { return f.slots }
func (f fixedSlots) Busy() int    { return f.busy }
func (f fixedSlots) Ready() error { return f.ready }

func newServer(slots Slots, change ...func(*Config)) *Server {
	cfg := Config{
		Queue: job.NewQueue(2, queue.RealClock{}), Slots: slots, Metrics: NewMetrics(),
		Languages: []api.Language{{ID: "c", Name: "C"}, {ID: "python3", Name: "Python 3"}},
		Bounds:    api.Bounds{Limits: api.Limits{CPUMillis: 1000, WallMillis: 1000, MemoryMiB: 64, OutputKiB: 64, Processes: 8}},
		QueueWait: 10 * time.Millisecond, MaxBody: 1000, Budget: budget.New(1000, 1000), Connections: 100,
		Tier: sandbox.Restricted, TierReason: "why not", MinimumTier: sandbox.RestrictedLegacy,
		Clock: queue.RealClock{}, Log: slog.New(slog.DiscardHandler), Version: "test",
	}
	for _, f := range change {
		f(&cfg)
	}
	return New(cfg)
}

func TestHandlerProblems(t *testing.T) {
	const valid = `{"language": "c", "source": "x"}`
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
		want               api.Problem // without Title and Detail
		detail             string
	}{
		"unknown path":     {"GET", "/v2/execute", "", nil, api.Problem{Type: api.TypeNotFound, Status: 404}, api.PathExecute},
		"wrong method":     {"GET", api.PathExecute, "", nil, api.Problem{Type: api.TypeMethodNotAllowed, Status: 405}, "POST"},
		"form":             {"POST", api.PathExecute, valid, []string{api.HeaderContentType, "application/x-www-form-urlencoded"}, api.Problem{Type: api.TypeUnsupportedMediaType, Status: 415}, api.ContentTypeJSON},
		"compressed":       {"POST", api.PathExecute, valid, []string{api.HeaderContentEncoding, "gzip"}, api.Problem{Type: api.TypeUnsupportedMediaType, Status: 415}, "compressed"},
		"too large":        {"POST", api.PathExecute, strings.Repeat(" ", 1001), nil, api.Problem{Type: api.TypeTooLarge, Status: 413}, "1000 bytes"},
		"bad field":        {"POST", api.PathExecuteAlias, `{"language": "c", "source": 1}`, nil, api.Problem{Type: api.TypeInvalidRequest, Status: 400, Field: "source"}, "a string"},
		"unknown language": {"POST", api.PathExecute, `{"language": "cobol", "source": "x"}`, nil, api.Problem{Type: api.TypeUnknownLanguage, Status: 422, Field: "language"}, "c, python3"},
		"bad queue header": {"POST", api.PathExecute, valid, []string{api.HeaderQueue, "maybe"}, api.Problem{Type: api.TypeInvalidRequest, Status: 400}, api.HeaderQueue},
		"no free slot":     {"POST", api.PathExecute, valid, []string{api.HeaderQueue, api.QueueNone}, api.Problem{Type: api.TypeUnavailable, Status: 503, Reason: api.ReasonNoFreeSlot}, "no slot"},
		"waited too long":  {"POST", api.PathExecute, valid, nil, api.Problem{Type: api.TypeUnavailable, Status: 503, Reason: api.ReasonQueueTimeout}, "10ms"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, newServer(fixedSlots{slots: 1}))
			request, err := http.NewRequest(tc.method, url+tc.path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(api.HeaderContentType, "application/json; charset=utf-8")
			for i := 0; i+1 < len(tc.header); i += 2 {
				request.Header.Set(tc.header[i], tc.header[i+1])
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var got api.Problem
			if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tc.want.Status || response.Header.Get(api.HeaderContentType) != api.ContentTypeProblem {
				t.Errorf("answer is %s %s", response.Status, response.Header.Get(api.HeaderContentType))
			}
			if retry := response.Header.Get(api.HeaderRetryAfter); (retry != "") != (tc.want.Status == 503) {
				t.Errorf("Retry-After is %q", retry)
			}
			if response.Close != (tc.want.Reason == api.ReasonQueueTimeout) {
				t.Errorf("the connection ends: %v", response.Close)
			}
			tc.want.Title, tc.want.Detail = got.Title, got.Detail
			if got != tc.want || got.Title == "" || !strings.Contains(got.Detail, tc.detail) {
				t.Errorf("problem is %+v, want %+v with %q", got, tc.want, tc.detail)
			}
		})
	}
}

func TestHandlerBoundsChunkedBody(t *testing.T) {
	url := serve(t, newServer(fixedSlots{slots: 1}))
	// net/http sends a reader of unknown length in chunks, without Content-Length.
	body := io.MultiReader(strings.NewReader(`{"source": "`), strings.NewReader(strings.Repeat("x", 2000)))
	response, err := http.Post(url+api.PathExecute, api.ContentTypeJSON, body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("answer is %s", response.Status)
	}
}

func TestHandlerReadiness(t *testing.T) {
	for name, tc := range map[string]struct {
		ready  error
		tier   sandbox.Tier
		phase  Phase
		status int
		reason string
	}{
		"ready":      {nil, sandbox.Restricted, PhaseServing, 200, ""},
		"no worker":  {errors.New("no worker process: x"), sandbox.Restricted, PhaseServing, 503, "no worker process: x"},
		"below tier": {nil, sandbox.None, PhaseServing, 503, "isolation tier None is below the minimum RestrictedLegacy (why not)"},
		"leaving":    {nil, sandbox.Restricted, PhaseTerminating, 503, "shutting down"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(fixedSlots{ready: tc.ready})
			s.cfg.Tier = tc.tier
			s.SetPhase(tc.phase)
			response, err := http.Get(serve(t, s) + api.PathReadyz)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var got api.Readiness
			if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tc.status || !strings.HasPrefix(got.Reason, tc.reason) || got.Ready != (tc.status == 200) || got.MinimumTier != "RestrictedLegacy" {
				t.Errorf("%d %+v, want %d with %q", response.StatusCode, got, tc.status, tc.reason)
			}
			if closes := response.Close; closes != (tc.phase != PhaseServing) {
				t.Errorf("Connection: close is %t", closes)
			}
		})
	}
}

func TestMetricsPassLint(t *testing.T) {
	s := newServer(fixedSlots{slots: 8, busy: 3})
	s.metrics.observeResult("c", job.Outcome{Result: api.Result{Verdict: api.OK, Compile: &api.Stage{}, Runs: []api.Stage{{WallMillis: 5}}}})
	problems, err := testutil.GatherAndLint(s.metrics.Registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	want := strings.NewReader(`
# HELP executor_slots_busy Slots that hold a submission.
# TYPE executor_slots_busy gauge
executor_slots_busy 3
# HELP executor_isolation_tier 1 for the isolation tier that is enforced, 0 for the others.
# TYPE executor_isolation_tier gauge
executor_isolation_tier{tier="Namespaced"} 0
executor_isolation_tier{tier="None"} 0
executor_isolation_tier{tier="Restricted"} 1
executor_isolation_tier{tier="RestrictedLegacy"} 0
`)
	if err := testutil.GatherAndCompare(s.metrics.Registry, want, "executor_slots_busy", "executor_isolation_tier"); err != nil {
		t.Error(err)
	}
}

func TestRetrySecondsStaysInBounds(t *testing.T) {
	for d, want := range map[time.Duration]int{
		-time.Second: 1, 0: 1, time.Millisecond: 1, time.Second: 1, 1001 * time.Millisecond: 2, time.Hour: 60,
	} {
		if got := retrySeconds(d); got != want {
			t.Errorf("%s: %d, want %d", d, got, want)
		}
	}
}

func TestHandlerPanicAnswers500(t *testing.T) {
	s := newServer(fixedSlots{})
	httpServer := s.HTTPServer()
	httpServer.Handler = s.middleware(func(*fasthttp.RequestCtx) { panic(fmt.Errorf("broken")) })
	url := serveHTTP(t, s, httpServer)
	for range 2 { // the server survives the first panic
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "broken") {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	}
}

func TestHandlerRejectsSubmissionThatExceedsDeadline(t *testing.T) {
	s := newServer(fixedSlots{slots: 1, busy: 1})
	for range admission.MinSamples {
		s.admission.Estimator().Observe(20 * time.Second)
	}
	url := serve(t, s)
	post := func() (int, api.Problem, string) {
		response, err := http.Post(url+api.PathExecute, api.ContentTypeJSON, strings.NewReader(`{"language": "c", "source": "x"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var p api.Problem
		if err := json.NewDecoder(response.Body).Decode(&p); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, p, response.Header.Get(api.HeaderRetryAfter)
	}
	// The queue is empty, so that the submission may be the next one to start. It is accepted and
	// expires.
	if status, p, _ := post(); status != 503 || p.Reason != api.ReasonQueueTimeout {
		t.Errorf("with an empty queue: %d %+v", status, p)
	}
	j := job.New(t.Context(), "x", &api.Request{})
	if _, err := s.cfg.Queue.Push(j, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if status, p, retry := post(); status != 503 || p.Reason != api.ReasonDeadline || retry != "20" {
		t.Errorf("behind a backlog of 20 s: %d %+v, Retry-After %q", status, p, retry)
	}
}
