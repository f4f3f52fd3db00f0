package canary

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/programs"
)

// replica answers as an executor does, with a verdict and an output for each language.
type replica struct {
	languages []string
	verdict   api.Verdict
	stdout    string
	status    int
}

func (r replica) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
	if request.URL.Path == api.PathLanguages {
		var all []api.Language
		for _, id := range r.languages {
			all = append(all, api.Language{ID: id})
		}
		_ = json.NewEncoder(w).Encode(all)
		return
	}
	var submitted api.Request
	if err := json.NewDecoder(request.Body).Decode(&submitted); err != nil || submitted.Source == "" || submitted.Stdin != input ||
		request.Header.Get(api.HeaderPurpose) != api.PurposeCanary {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	_ = json.NewEncoder(w).Encode(api.Result{Verdict: r.verdict, Runs: []api.Stage{{Verdict: r.verdict, Stdout: r.stdout}}})
}

func TestReplicaProved(t *testing.T) {
	all := append(programs.Languages(), "of the platform's own")
	for name, tc := range map[string]struct {
		replica http.Handler
		want    string
	}{
		"right":            {replica{languages: all, verdict: api.OK, stdout: answer}, ""},
		"wrong verdict":    {replica{languages: []string{"c", "go"}, verdict: api.RuntimeError}, "the canary in c got the verdict RuntimeError instead of OK"},
		"no verdict":       {replica{languages: []string{"c"}, verdict: api.Verdict(strings.Repeat("V\u202e\r\n", 1000))}, "the canary in c got a verdict that the API does not have"},
		"limits too small": {replica{languages: all, verdict: api.MemoryLimit}, ""},
		"wrong answer":     {replica{languages: []string{"rust"}, verdict: api.OK, stdout: "41\n"}, "the canary in rust got a wrong answer"},
		"refusal":          {replica{languages: []string{"go"}, status: http.StatusInternalServerError}, "the canary in go is not answered: status 500"},
		"no language":      {replica{}, "it knows no language"},
		"no executor":      {http.NotFoundHandler(), "it does not list its languages: status 404"},
		"no API":           {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hi")) }), "it does not list its languages: what it answers is no JSON of the API"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tc.replica)
			defer server.Close()
			c := newSubmitter(8000, func(ctx context.Context, network, address string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
			})
			got := ""
			if err := c.prove(t.Context(), "10.0.0.1"); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("fault %q, want %q", got, tc.want)
			}
		})
	}
}

func TestOnlyPodAddressesTried(t *testing.T) {
	c := newSubmitter(8000, func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("connected to %s", address)
		return nil, net.ErrClosed
	})
	for _, ip := range []string{"127.0.0.1", "169.254.169.254", "demo"} {
		if err := c.prove(t.Context(), ip); err == nil {
			t.Errorf("%s was tried", ip)
		}
	}
}

// TestFaultTakesTwoFailures has a pod fail, be busy and recover, in virtual time.
func TestFaultTakesTwoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now replica
		p := New(8000, func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go serveOne(there, now)
			return here, nil
		}, clock.RealClock{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Start(ctx) }()
		pod := Pod{UID: "a", IP: "10.0.0.1"}
		after := func(wait time.Duration, r replica) Proof {
			now = r
			time.Sleep(wait)
			p.Proof(pod)
			synctest.Wait()
			return p.Proof(pod)
		}
		good := replica{languages: []string{"c"}, verdict: api.OK, stdout: answer}
		bad := replica{languages: []string{"c"}, verdict: api.InternalError}
		busy := replica{languages: []string{"c"}, status: http.StatusServiceUnavailable}
		steps := []struct {
			wait  time.Duration
			reply replica
			want  Proof
		}{
			{0, bad, Proof{}},
			{time.Second, bad, Proof{}}, // within the pause
			{pause, busy, Proof{}},      // busy is no failure
			{pause, bad, Proof{Fault: "the canary in c got the verdict InternalError instead of OK"}},
			{pause, good, Proof{Right: true}},
			{pause, bad, Proof{Right: true}}, // not tried again
		}
		for i, s := range steps {
			if got := after(s.wait, s.reply); got != s.want {
				t.Errorf("step %d: %+v, want %+v", i, got, s.want)
			}
		}
		pod.Restarts = 1
		if got := after(0, good); !got.Right {
			t.Errorf("a container that restarted is not proved anew: %+v", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// serveOne answers one request on a connection.
func serveOne(conn net.Conn, handler http.Handler) {
	listener := &once{conn: conn, closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	server.SetKeepAlivesEnabled(false)
	server.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			_ = server.Close()
		}
	}
	_ = server.Serve(listener)
}

// once is a listener with one connection.
type once struct {
	conn   net.Conn
	closed chan struct{}
}

func (o *once) Accept() (net.Conn, error) {
	if c := o.conn; c != nil {
		o.conn = nil
		return c, nil
	}
	<-o.closed
	return nil, net.ErrClosed
}

func (o *once) Close() error {
	select {
	case <-o.closed:
	default:
		close(o.closed)
	}
	return nil
}

func (o *once) Addr() net.Addr { return &net.TCPAddr{} }
