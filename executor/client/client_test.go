package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

// answers serves one answer to every request.
func answers(t *testing.T, status int, contentType, body string, header ...string) *Client {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderContentType, contentType)
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

func serve(t *testing.T, handler http.HandlerFunc, options ...Option) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(server.URL, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNewRejectsWhatIsNoBaseURL(t *testing.T) {
	for _, url := range []string{"", "demo:8000", "demo", "http://", "ftp://demo", "http://demo?x=1", "http://demo#x", "http://demo:port"} {
		if _, err := New(url); err == nil {
			t.Errorf("%q was accepted", url)
		}
	}
	if _, err := New("http://demo", WithMaxDocumentBytes(0)); err == nil {
		t.Error("a limit of 0 was accepted")
	}
}

func TestPathOfBaseURLKept(t *testing.T) {
	for _, suffix := range []string{"", "/", "/pools/demo", "/pools/demo/"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
			json.NewEncoder(w).Encode(api.State{Tier: r.URL.Path})
		}))
		c, err := New(server.URL + suffix)
		if err != nil {
			t.Fatal(err)
		}
		state, err := c.State(t.Context())
		if want := strings.TrimRight(suffix, "/") + api.PathState; err != nil || state.Tier != want {
			t.Errorf("%q: asked %+v (%v), want %s", suffix, state, err, want)
		}
		server.Close()
	}
}

func TestDocuments(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON+"; charset=utf-8")
		io.WriteString(w, map[string]string{
			api.PathState: `{"slots":8,"new":1}`, api.PathTotals: `{"process":"x"}`, api.PathLanguages: `[{"id":"c"}]`,
			api.PathReadyz: `{"ready":true,"tier":"Restricted"}`, api.PathInfo: `{"version":"1"}`, api.PathHealthz: `{"status":"ok"}`,
		}[r.URL.Path])
	})
	state, err := c.State(t.Context())
	check(t, &api.State{Slots: 8}, state, err)
	totals, err := c.Totals(t.Context())
	check(t, &api.Totals{Process: "x"}, totals, err)
	languages, err := c.Languages(t.Context())
	check(t, []api.Language{{ID: "c"}}, languages, err)
	readiness, err := c.Ready(t.Context())
	check(t, &api.Readiness{Ready: true, Tier: "Restricted"}, readiness, err)
	info, err := c.Info(t.Context())
	check(t, &api.Info{Version: "1"}, info, err)
	check(t, nil, c.Healthz(t.Context()), nil)
}

func check(t *testing.T, want, got any, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestReadyTakesBothStatuses(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   *api.Readiness
	}{
		"ready":          {200, `{"ready":true}`, &api.Readiness{Ready: true}},
		"not ready":      {503, `{"ready":false,"reason":"shutting down"}`, &api.Readiness{Reason: "shutting down"}},
		"contradiction":  {200, `{"ready":false}`, nil},
		"contradiction2": {503, `{"ready":true}`, nil},
		"other status":   {500, `{"ready":false}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := answers(t, tc.status, api.ContentTypeJSON, tc.body).Ready(t.Context())
			if diff := cmp.Diff(tc.want, got); diff != "" || (err == nil) != (tc.want != nil) {
				t.Errorf("error %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestHostileAnswersAreErrors asks for a state in each case.
func TestHostileAnswersAreErrors(t *testing.T) {
	const js = api.ContentTypeJSON
	for name, tc := range map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"not JSON":        {200, js, "ok", "200 OK: the answer is not the document of the API: invalid character 'o' looking for beginning of value"},
		"two documents":   {200, js, "{} {}", "200 OK: the answer is not the document of the API: invalid character '{' after top-level value"},
		"beyond 64 bits":  {200, js, `{"slots":1e30}`, "200 OK: the answer is not the document of the API: json: cannot unmarshal number 1e30 into Go struct field State.slots of type int"},
		"empty":           {200, js, "", "200 OK: the answer is not the document of the API: unexpected end of JSON input"},
		"text":            {200, "text/plain", "{}", `200 OK: the answer has the content type "text/plain", not application/json`},
		"no content type": {200, "", "{}", `200 OK: the answer has the content type "", not application/json`},
		"like JSON":       {200, "application/json+x", "{}", `200 OK: the answer has the content type "application/json+x", not application/json`},
		"no content":      {204, js, "", "204 No Content"},
		"page":            {502, "text/html", "<html>", "502 Bad Gateway"},
		"error in JSON":   {500, js, "{}", "500 Internal Server Error"},
		"unknown status":  {599, js, "{}", "599 "},
		"broken problem":  {503, api.ContentTypeProblem, "{", "503 Service Unavailable: the answer is not a problem document: unexpected end of JSON input"},
		"endless":         {200, js, `{"tier":"` + strings.Repeat("x", 2<<10), "200 OK: the answer is larger than the limit of 1024 bytes"},
		"endless problem": {503, api.ContentTypeProblem, strings.Repeat("x", 2<<10), "503 Service Unavailable: the answer is larger than the limit of 1024 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			c := answers(t, tc.status, tc.contentType, tc.body)
			c.maxDocument = 1 << 10
			_, err := c.State(t.Context())
			answer, ok := errors.AsType[*AnswerError](err)
			if !ok || err.Error() != tc.want || answer.Status != tc.status {
				t.Errorf("error %v, want %s", err, tc.want)
			}
			if large := strings.Contains(tc.want, "larger"); errors.Is(err, ErrTooLarge) != large {
				t.Errorf("%v is ErrTooLarge: %t", err, !large)
			}
		})
	}
}

func TestRedirectNotFollowed(t *testing.T) {
	var asked atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	for _, c := range []*Client{serve(t, handler), serve(t, handler, WithHTTPClient(&http.Client{}))} {
		asked.Store(0)
		_, err := c.Execute(t.Context(), &api.Request{})
		if answer, ok := errors.AsType[*AnswerError](err); !ok || answer.Status != http.StatusTemporaryRedirect || asked.Load() != 1 {
			t.Errorf("%v after %d requests", err, asked.Load())
		}
	}
}

func TestHugeHeaderIsError(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X", strings.Repeat("x", 2*maxHeaderBytes))
	})
	if _, err := c.State(t.Context()); err == nil {
		t.Error("a header above the limit was read")
	}
}

// TestClientsShareConnections asks many hosts, all of which are one server, one after the other.
func TestClientsShareConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		json.NewEncoder(w).Encode(api.State{Tier: r.Host})
	}))
	defer server.Close()
	var dialed atomic.Int64
	transport := NewTransport()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		dialed.Add(1)
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	c, err := New("http://fleet", WithHTTPClient(&http.Client{Transport: transport}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	for range 3 {
		for _, host := range []string{"10.0.0.1:8000", "[fd00::1]:8000"} {
			state, err := c.At(host).State(t.Context())
			check(t, &api.State{Tier: host}, state, err)
		}
	}
	if n := dialed.Load(); n != 2 {
		t.Errorf("%d connections for 2 hosts", n)
	}
}

func TestConcurrentUse(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var request api.Request
		json.NewDecoder(r.Body).Decode(&request)
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		json.NewEncoder(w).Encode(api.Result{Verdict: api.OK, ID: request.Source})
	})
	var group sync.WaitGroup
	for i := range 32 {
		source := strings.Repeat("x", 1+1000*i)
		group.Go(func() {
			for range 4 {
				result, err := c.Execute(t.Context(), &api.Request{Source: source})
				if err != nil || result.ID != source {
					t.Errorf("another's answer, or %v", err)
				}
			}
		})
	}
	group.Wait()
}

func TestContextBoundsCalls(t *testing.T) {
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.State(ctx)
	failure, ok := errors.AsType[*ConnectionError](err)
	if !ok || !errors.Is(err, context.DeadlineExceeded) || !failure.Timeout() {
		t.Errorf("error %v, want the deadline", err)
	}
	c = serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, WithHTTPClient(&http.Client{Timeout: 20 * time.Millisecond}))
	_, err = c.State(t.Context())
	if failure, ok := errors.AsType[*ConnectionError](err); !ok || !failure.Timeout() {
		t.Errorf("error %v, want the timeout of the http.Client", err)
	}
}
