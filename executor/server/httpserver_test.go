package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
)

// serve starts s until the end of the test and returns its URL.
func serve(t *testing.T, s *Server) string { return serveHTTP(t, s, s.HTTPServer()) }

func serveHTTP(t *testing.T, s *Server, httpServer *fasthttp.Server) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(s.Listener(listener)) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(httpServer.ShutdownWithContext(ctx), <-served); err != nil {
			t.Errorf("the server ends: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

// rawConn is a connection on which a test writes the bytes of requests.
type rawConn struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, url string) *rawConn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &rawConn{t, c, bufio.NewReader(c)}
}

func (d *rawConn) send(text string) {
	d.t.Helper()
	if _, err := io.WriteString(d, text); err != nil {
		d.t.Fatal(err)
	}
}

// receive reads one response with its body.
func (d *rawConn) receive() (rawResponse, string) {
	d.t.Helper()
	response, err := http.ReadResponse(d.in, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return rawResponse{response.StatusCode, response.Status, response.Header, response.Close}, string(body)
}

// rawResponse is a response without its body.
type rawResponse struct {
	StatusCode int
	Status     string
	Header     http.Header
	Close      bool
}

// closed reports whether the server closes the connection without another response.
func (d *rawConn) closed() bool {
	_, err := d.in.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

const (
	validBody   = `{"language": "c", "source": "x"}`
	validHeader = "POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
)

var validRequest = fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", validHeader, len(validBody), validBody)

// newIdleServer returns a server of whose queue nothing is taken but by popJob.
func newIdleServer() *Server {
	return newServer(fixedSlots{slots: 1}, func(c *Config) { c.QueueWait = time.Minute })
}

// popJob takes the head of the queue.
func popJob(t *testing.T, s *Server) *job.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	taken, err := s.cfg.Queue.Pop(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return taken.Value
}

func okOutcome(id string) job.Outcome {
	return job.Outcome{Disposition: job.Ran, Result: api.Result{ID: id, Verdict: api.OK}}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("not true after 10 s: " + what)
		}
	}
}

func TestHTTPServerClientGoneLeavesTheQueue(t *testing.T) {
	s := newIdleServer()
	d := dial(t, serve(t, s))
	d.send(validRequest)
	eventually(t, "the job is queued", func() bool { return s.cfg.Queue.Depth() == 1 })
	_ = d.Close()
	eventually(t, "the queue is empty", func() bool { return s.cfg.Queue.Depth() == 0 })
	eventually(t, "the rejection is counted", func() bool { return s.Totals().Rejections[api.ReasonClientGone] == 1 })
}

func TestHTTPServerClientGoneEndsTheRun(t *testing.T) {
	s := newIdleServer()
	d := dial(t, serve(t, s))
	d.send(validRequest)
	j := popJob(t, s)
	select {
	case <-j.Context.Done():
		t.Fatal("the job's context ended while the client waits")
	case <-time.After(5 * watchDelay):
	}
	_ = d.Close()
	select {
	case <-j.Context.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the disconnect was not detected")
	}
	j.Answer(job.Outcome{Disposition: job.Abandoned})
}

// TestHTTPServerPipelinedRequestIsNoDisconnect sends the second request before and during the watch
// of the first one.
func TestHTTPServerPipelinedRequestIsNoDisconnect(t *testing.T) {
	for name, after := range map[string]time.Duration{"with the first": 0, "while the first is watched": 5 * watchDelay} {
		t.Run(name, func(t *testing.T) {
			s := newIdleServer()
			d := dial(t, serve(t, s))
			d.send(validRequest)
			first := popJob(t, s)
			time.Sleep(after)
			d.send(validRequest + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			select {
			case <-first.Context.Done():
				t.Fatal("a disconnect was detected")
			case <-time.After(5 * watchDelay):
			}
			first.Answer(okOutcome("first"))
			if r, body := d.receive(); r.StatusCode != 200 || !strings.Contains(body, `"first"`) {
				t.Errorf("the first answer is %s %s", r.Status, body)
			}
			// The server sent the first response before the second one existed.
			popJob(t, s).Answer(okOutcome("second"))
			if r, body := d.receive(); r.StatusCode != 200 || !strings.Contains(body, `"second"`) {
				t.Errorf("the second answer is %s %s", r.Status, body)
			}
			if r, body := d.receive(); r.StatusCode != 200 || r.Header.Get("Date") == "" || r.Header.Get("Server") != "" {
				t.Errorf("the third answer is %s %s %v", r.Status, body, r.Header)
			}
		})
	}
}

// TestHTTPServerWatchedConnectionStaysUsable answers submissions shortly before and after the start
// of their watch.
func TestHTTPServerWatchedConnectionStaysUsable(t *testing.T) {
	s := newIdleServer()
	d := dial(t, serve(t, s))
	for i := range 40 {
		d.send(validRequest)
		j := popJob(t, s)
		time.Sleep(watchDelay + time.Duration(i-20)*50*time.Microsecond)
		if err := j.Context.Err(); err != nil {
			t.Fatal("a disconnect was detected")
		}
		j.Answer(okOutcome("x"))
		if r, body := d.receive(); r.StatusCode != 200 {
			t.Fatalf("answer is %s %s", r.Status, body)
		}
	}
}

func TestHTTPServerSlowBodyTimesOut(t *testing.T) {
	for name, tc := range map[string]string{
		"nothing of it": "Content-Length: 500\r\n\r\n",
		"small":         "Content-Length: 500\r\n\r\n{",
		"chunked":       "Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n",
		"large":         "Content-Length: 20000\r\n\r\n" + strings.Repeat(" ", 10000),
	} {
		t.Run(name, func(t *testing.T) {
			s := newIdleServer()
			s.bodyTimeout, s.cfg.MaxBody = 50*time.Millisecond, 30000
			s.budget = budget.New(30000, 0)
			d := dial(t, serve(t, s))
			d.send(validHeader + tc)
			r, body := d.receive()
			var p api.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || r.StatusCode != 408 || p.Type != api.TypeRequestTimeout || !r.Close {
				t.Errorf("answer is %s %s, closing %v", r.Status, body, r.Close)
			}
			if !d.closed() {
				t.Error("the connection stays open")
			}
			if n := s.Totals().Rejections[api.ReasonTooSlow]; n != 1 {
				t.Errorf("%d counted as too slow", n)
			}
			if !s.budget.ClaimRequest(30000) {
				t.Error("the memory is still claimed")
			}
		})
	}
}

func TestHTTPServerCutBodyIsInvalid(t *testing.T) {
	s := newIdleServer()
	d := dial(t, serve(t, s))
	d.send(validHeader + "Content-Length: 500\r\n\r\n{")
	if err := d.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if r, body := d.receive(); r.StatusCode != 400 || !strings.Contains(body, "ended early") {
		t.Errorf("answer is %s %s", r.Status, body)
	}
	if n := s.Totals().Rejections[api.ReasonInvalid]; n != 1 {
		t.Errorf("%d counted as invalid", n)
	}
}

func TestHTTPServerHeaderTooLarge(t *testing.T) {
	url := serve(t, newIdleServer())
	d := dial(t, url)
	d.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", maxHeaderBytes) + "\r\n\r\n")
	r, body := d.receive()
	var p api.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || r.StatusCode != 431 || p.Status != 431 || !r.Close || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %s %s, closing %v", r.Status, body, r.Close)
	}
	d = dial(t, url)
	d.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", maxHeaderBytes*9/10) + "\r\n\r\n")
	if r, body := d.receive(); r.StatusCode != 200 {
		t.Errorf("a header that just fits: %s %s", r.Status, body)
	}
}

func TestHTTPServerNoHTTPIsInvalid(t *testing.T) {
	d := dial(t, serve(t, newIdleServer()))
	d.send("what is this\r\n\r\n")
	if r, body := d.receive(); r.StatusCode != 400 || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %s %s", r.Status, body)
	}
}

func TestHTTPServerHeadHasNoBody(t *testing.T) {
	response, err := http.Head(serve(t, newIdleServer()) + "/v1/languages")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || len(body) > 0 || response.ContentLength <= 0 {
		t.Errorf("%s, %d bytes of %d, %v", response.Status, len(body), response.ContentLength, err)
	}
}

// TestHTTPServerTooLargeBodyGetsResponse sends more than the server reads. The client must get the
// response, not a connection reset.
func TestHTTPServerTooLargeBodyGetsResponse(t *testing.T) {
	for name, chunked := range map[string]bool{"with length": false, "chunked": true} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, newIdleServer())
			for range 10 {
				var body io.Reader = strings.NewReader(strings.Repeat("x", 4<<20))
				if chunked {
					body = io.MultiReader(body)
				}
				response, err := http.Post(url+"/v1/execute", "application/json", body)
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if response.StatusCode != 413 || !response.Close {
					t.Errorf("answer is %s, closing %v", response.Status, response.Close)
				}
			}
		})
	}
}

func TestHTTPServerIdleConnectionsDoNotDelayShutdown(t *testing.T) {
	s := newIdleServer()
	httpServer := s.HTTPServer()
	d := dial(t, serveHTTP(t, s, httpServer))
	d.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	d.receive()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begun := time.Now()
	if err := httpServer.ShutdownWithContext(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if !d.closed() {
		t.Error("the connection stays open")
	}
}
