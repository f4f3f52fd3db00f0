package rehearse

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/rehearse/summary"
)

// pool answers as an executor pool does, by the source of the submission.
type pool map[string]http.HandlerFunc

func (p pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request api.Request
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || r.URL.Path != api.PathExecute {
		http.Error(w, "not a submission", http.StatusBadRequest)
		return
	}
	answer, known := p[request.Source]
	if !known {
		http.Error(w, "not a program of the test", http.StatusNotFound)
		return
	}
	answer(w, r)
}

func verdict(verdict api.Verdict, stdout string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		json.NewEncoder(w).Encode(api.Result{
			ID: "x", Verdict: verdict, QueueMillis: 1500,
			Runs: []api.Stage{{Verdict: verdict, Stdout: base64.StdEncoding.EncodeToString([]byte(stdout))}},
		})
	}
}

func rejection(retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeProblem)
		w.Header().Set(api.HeaderRetryAfter, retryAfter)
		w.WriteHeader(http.StatusServiceUnavailable)
		json.NewEncoder(w).Encode(api.Problem{Reason: api.ReasonQueueFull, Detail: "128 wait already"})
	}
}

func disconnect(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func serve(t *testing.T, answers pool) string { return serveHandler(t, answers) }

func serveHandler(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// folder writes one Python program for each name. Its source is its name, and its expected output
// "42".
func folder(t *testing.T, names ...string) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range names {
		for file, content := range map[string]string{name + ".py": name, name + ".out": "42"} {
			if err := os.WriteFile(filepath.Join(directory, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return directory
}

// config returns a rehearsal whose summary goes to the returned buffer.
func config(url, programs string, participants int) (Config, *bytes.Buffer) {
	var stdout bytes.Buffer
	return Config{
		URL: url, Programs: programs, Participants: participants, Submissions: 1, Timeout: time.Minute,
		Connections: PerParticipant, JSON: "-", Stdout: &stdout, Stderr: &bytes.Buffer{},
	}, &stdout
}

func decode(t *testing.T, stdout *bytes.Buffer) summary.Summary {
	t.Helper()
	var got summary.Summary
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("summary %q: %v", stdout, err)
	}
	return got
}

func TestRunCountsEveryKind(t *testing.T) {
	url := serve(t, pool{
		"right":     verdict(api.OK, "42"),
		"output":    verdict(api.OK, "43"),
		"verdict":   verdict(api.TimeLimit, ""),
		"rejected":  rejection("1"),
		"lost":      disconnect,
		"notresult": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
		"refused": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(api.HeaderContentType, api.ContentTypeProblem)
			w.WriteHeader(http.StatusUnprocessableEntity)
			json.NewEncoder(w).Encode(api.Problem{Field: "language", Detail: "no python3 here"})
		},
	})
	cfg, stdout := config(url, folder(t, "right", "output", "verdict", "rejected", "lost", "notresult", "refused"), 14)
	if err := Run(t.Context(), cfg); !errors.Is(err, ErrNotAllRight) {
		t.Errorf("error %v, want %v", err, ErrNotAllRight)
	}
	got := decode(t, stdout)
	counts := summary.Counts{Submissions: 14, Right: 2, Wrong: 4, Rejected: 2, Refused: 4, Lost: 2}
	if diff := cmp.Diff(counts, got.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"OK": 4, "TimeLimit": 2}, got.Verdicts); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if got.QueueWaitMillis.P50 != 1500 {
		t.Errorf("p50 wait %d ms, want the 1500 ms that the pool reports", got.QueueWaitMillis.P50)
	}
}

func TestRunExplainsFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   summary.Failure
	}{
		"wrong output": {
			answer: verdict(api.OK, "43"),
			want: summary.Failure{Kind: summary.Wrong, ExecutorID: "x", Got: "OK",
				Cause: "stdout differs from line 1 on (2 bytes, expected 2)"},
		},
		"rejected": {
			answer: rejection("1"),
			want: summary.Failure{Kind: summary.Rejected,
				Cause: "503 Service Unavailable: queue_full: 128 wait already"},
		},
		"lost": {
			answer: disconnect,
			want:   summary.Failure{Kind: summary.Lost, Cause: "the connection closed before the answer was complete"},
		},
		"not an executor": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
				w.Write([]byte("{}"))
			},
			want: summary.Failure{Kind: summary.Refused,
				Cause: "200 OK: the answer has no verdict (is this an executor pool?)"},
		},
		"a proxy's page": {
			answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) },
			want:   summary.Failure{Kind: summary.Refused, Cause: "502 Bad Gateway"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tc.want.Submission, tc.want.Program, tc.want.Want = "1.1", "p.py", "OK"
			cfg, stdout := config(serve(t, pool{"p": tc.answer}), folder(t, "p"), 1)
			if err := Run(t.Context(), cfg); !errors.Is(err, ErrNotAllRight) {
				t.Errorf("error %v, want %v", err, ErrNotAllRight)
			}
			if diff := cmp.Diff([]summary.Failure{tc.want}, decode(t, stdout).Failures); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if explained := cfg.Stderr.(*bytes.Buffer).String(); !strings.Contains(explained, tc.want.Cause) {
				t.Errorf("standard error says %q, want the cause in it", explained)
			}
		})
	}
}

func TestRunSucceedsWhenAllAreRight(t *testing.T) {
	cfg, stdout := config(serve(t, pool{"p": verdict(api.OK, "42")}), folder(t, "p"), 20)
	cfg.Submissions, cfg.JSON = 3, filepath.Join(t.TempDir(), "played.json")
	if err := Run(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stdout.String(), "right                     60\n") {
		t.Errorf("table:\n%s\nwant 60 right", stdout)
	}
	var comparison bytes.Buffer
	if err := Compare(Comparison{Before: cfg.JSON, After: cfg.JSON, Stdout: &comparison}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`right +60/60 +60/60`).Match(comparison.Bytes()) {
		t.Errorf("comparison:\n%s\nwant 60 of 60 on both sides", &comparison)
	}
	err := Compare(Comparison{Before: cfg.JSON, After: cfg.JSON, MaxWaitRatio: 0.5, Stdout: &comparison})
	if err == nil || !strings.Contains(err.Error(), "not below 0.5 times") {
		t.Errorf("error %v, want one that says the wait did not halve", err)
	}
}

// A Service spreads connections, not requests, so that two participants on one connection would use
// one replica.
func TestRunGivesParticipantsTheirOwnConnections(t *testing.T) {
	for name, tc := range map[string]struct {
		connections Connections
		want        func(connections int) bool
	}{
		"per participant": {connections: PerParticipant, want: func(n int) bool { return n == 8 }},
		"shared":          {connections: Shared, want: func(n int) bool { return n >= 1 && n <= 8 }},
	} {
		t.Run(name, func(t *testing.T) {
			var lock sync.Mutex
			clients := map[string]int{}
			answer := verdict(api.OK, "42")
			url := serve(t, pool{"p": func(w http.ResponseWriter, r *http.Request) {
				lock.Lock()
				clients[r.RemoteAddr]++
				lock.Unlock()
				answer(w, r)
			}})
			cfg, _ := config(url, folder(t, "p"), 8)
			cfg.Submissions, cfg.Connections = 4, tc.connections
			if err := Run(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			if !tc.want(len(clients)) {
				t.Errorf("%d connections for 8 participants: %v", len(clients), clients)
			}
		})
	}
}

func TestRunInterruptedSummarizesTheOutcomesSoFar(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	url := serve(t, pool{
		"p": verdict(api.OK, "42"),
		"q": func(_ http.ResponseWriter, r *http.Request) {
			interrupt()
			<-r.Context().Done()
		},
	})
	cfg, stdout := config(url, folder(t, "p", "q"), 1)
	cfg.Submissions = 20
	err := Run(ctx, cfg)
	if !errors.Is(err, ErrNotAllRight) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("error %v, want an interrupted %v", err, ErrNotAllRight)
	}
	got := decode(t, stdout)
	if !got.Interrupted || got.Abandoned < 10 || got.Right+got.Abandoned != 20 || len(got.Failures) != 0 {
		t.Errorf("summary %+v, want the answers so far right and the rest abandoned", got)
	}
}

func TestRunRefusesToBegin(t *testing.T) {
	valid, _ := config("http://pool:8000", folder(t, "p"), 1)
	for name, tc := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no scheme":        {change: func(c *Config) { c.URL = "pool:8000" }, want: `url "pool:8000": give the pool's base address`},
		"no host":          {change: func(c *Config) { c.URL = "http://" }, want: `url "http://"`},
		"no participants":  {change: func(c *Config) { c.Participants = 0 }, want: "participants 0: must be from 1"},
		"no submissions":   {change: func(c *Config) { c.Submissions = 0 }, want: "submissions 0: must be from 1"},
		"negative window":  {change: func(c *Config) { c.ArrivalWindow = -1 }, want: "arrival window -1ns"},
		"negative think":   {change: func(c *Config) { c.ThinkTime = -1 }, want: "think time -1ns"},
		"no timeout":       {change: func(c *Config) { c.Timeout = 0 }, want: "timeout 0s: must be above 0"},
		"negative retries": {change: func(c *Config) { c.RetryRejected = -1 }, want: "retry-rejected -1"},
		"connections":      {change: func(c *Config) { c.Connections = "none" }, want: `connections "none"`},
		"no folder":        {change: func(c *Config) { c.Programs = "" }, want: "programs: name the folder"},
		"absent folder":    {change: func(c *Config) { c.Programs = "/nowhere" }, want: "programs in /nowhere: read the programs folder"},
		"empty folder":     {change: func(c *Config) { c.Programs = t.TempDir() }, want: "no program to submit"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := valid
			tc.change(&cfg)
			err := Run(t.Context(), cfg)
			if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %v: ... %s", err, ErrConfig, tc.want)
			}
		})
	}
}

func TestCompareRefusesWhatIsNoSummary(t *testing.T) {
	directory := t.TempDir()
	for file, content := range map[string]string{"text.json": "text", "other.json": "{}"} {
		if err := os.WriteFile(filepath.Join(directory, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"absent.json", "text.json", "other.json"} {
		path := filepath.Join(directory, file)
		if err := Compare(Comparison{Before: path, After: path}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("compare %s: error %v, want one that names the file", file, err)
		}
	}
}

// The sample contest must load, and its weights must leave time on the cores of a small machine.
func TestSampleContestLoads(t *testing.T) {
	cfg, stdout := config("http://127.0.0.1:1", filepath.Join("..", "config", "samples", "contest"), 100)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, cfg); !errors.Is(err, ErrNotAllRight) {
		t.Fatalf("error %v, want %v", err, ErrNotAllRight)
	}
	got := map[string]int{}
	for _, language := range decode(t, stdout).Languages {
		got[language.ID] = language.Submissions
	}
	want := map[string]int{"c": 14, "cpp17": 4, "javascript": 4, "python3": 78}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("submissions of 100 by language (-want +got):\n%s", diff)
	}
}
