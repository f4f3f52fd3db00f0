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
	"golang.org/x/sync/semaphore"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
)

// serve gives the URL under which s answers until the test ends.
func serve(t *testing.T, s *Server) string { return serveFront(t, s.Front()) }

func serveFront(t *testing.T, front *fasthttp.Server) string {
	t.Helper()
	accepting, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- front.Serve(Listener{accepting}) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(front.ShutdownWithContext(ctx), <-served); err != nil {
			t.Errorf("the server ends: %v", err)
		}
	})
	return "http://" + accepting.Addr().String()
}

// dialogue is a connection on which a test writes requests by hand.
type dialogue struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, url string) *dialogue {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &dialogue{t, c, bufio.NewReader(c)}
}

func (d *dialogue) say(text string) {
	d.t.Helper()
	if _, err := io.WriteString(d, text); err != nil {
		d.t.Fatal(err)
	}
}

// hear reads one answer, its body too.
func (d *dialogue) hear() (answered, string) {
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
	return answered{response.StatusCode, response.Status, response.Header, response.Close}, string(body)
}

// answered is what tests ask of a response besides its body.
type answered struct {
	StatusCode int
	Status     string
	Header     http.Header
	Close      bool
}

// ends says whether the connection ends now, without another word.
func (d *dialogue) ends() bool {
	_, err := d.in.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

const (
	someBody = `{"language": "c", "source": "x"}`
	someHead = "POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
)

var someRequest = fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", someHead, len(someBody), someBody)

// patient is a server whose queue a test serves by hand.
func patient() *Server {
	s := newServer(fixedSlots{slots: 1})
	s.cfg.QueueWait = time.Minute
	return s
}

// take gives the submission that waits longest.
func take(t *testing.T, s *Server) *job.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	taken, err := s.cfg.Queue.Pop(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return taken.Value
}

func ok(id string) job.Outcome {
	return job.Outcome{Fate: job.Ran, Result: api.Result{ID: id, Verdict: api.OK}}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("not so after 10 s: " + what)
		}
	}
}

func TestFrontClientGoneLeavesTheQueue(t *testing.T) {
	s := patient()
	d := dial(t, serve(t, s))
	d.say(someRequest)
	eventually(t, "it waits", func() bool { return s.cfg.Queue.Depth() == 1 })
	_ = d.Close()
	eventually(t, "its place is free", func() bool { return s.cfg.Queue.Depth() == 0 })
	eventually(t, "it is counted", func() bool { return s.Totals().Rejections[api.ReasonClientGone] == 1 })
}

func TestFrontClientGoneEndsTheRun(t *testing.T) {
	s := patient()
	d := dial(t, serve(t, s))
	d.say(someRequest)
	j := take(t, s)
	select {
	case <-j.Context.Done():
		t.Fatal("gone while it waits for its answer")
	case <-time.After(5 * watchAfter):
	}
	_ = d.Close()
	select {
	case <-j.Context.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("it is not noticed that the client is gone")
	}
	j.Answer(job.Outcome{Fate: job.Abandoned})
}

// TestFrontPipelinedRequestIsNoDisconnect has the second request come before and while the first is watched.
func TestFrontPipelinedRequestIsNoDisconnect(t *testing.T) {
	for name, after := range map[string]time.Duration{"with the first": 0, "while the first is watched": 5 * watchAfter} {
		t.Run(name, func(t *testing.T) {
			s := patient()
			d := dial(t, serve(t, s))
			d.say(someRequest)
			first := take(t, s)
			time.Sleep(after)
			d.say(someRequest + "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			select {
			case <-first.Context.Done():
				t.Fatal("taken for a disconnect")
			case <-time.After(5 * watchAfter):
			}
			first.Answer(ok("first"))
			if r, body := d.hear(); r.StatusCode != 200 || !strings.Contains(body, `"first"`) {
				t.Errorf("the first answer is %s %s", r.Status, body)
			}
			// The first answer came although the second is not known yet.
			take(t, s).Answer(ok("second"))
			if r, body := d.hear(); r.StatusCode != 200 || !strings.Contains(body, `"second"`) {
				t.Errorf("the second answer is %s %s", r.Status, body)
			}
			if r, body := d.hear(); r.StatusCode != 200 || r.Header.Get("Date") == "" || r.Header.Get("Server") != "" {
				t.Errorf("the third answer is %s %s %v", r.Status, body, r.Header)
			}
		})
	}
}

// TestFrontWatchedConnectionServesOn has many submissions that are answered about when their watch begins.
func TestFrontWatchedConnectionServesOn(t *testing.T) {
	s := patient()
	d := dial(t, serve(t, s))
	for i := range 40 {
		d.say(someRequest)
		j := take(t, s)
		time.Sleep(watchAfter + time.Duration(i-20)*50*time.Microsecond)
		if err := j.Context.Err(); err != nil {
			t.Fatal("taken for a disconnect")
		}
		j.Answer(ok("x"))
		if r, body := d.hear(); r.StatusCode != 200 {
			t.Fatalf("answer is %s %s", r.Status, body)
		}
	}
}

func TestFrontSlowBodyIsGivenUp(t *testing.T) {
	for name, tc := range map[string]string{
		"nothing of it": "Content-Length: 500\r\n\r\n",
		"small":         "Content-Length: 500\r\n\r\n{",
		"chunked":       "Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n",
		"large":         "Content-Length: 20000\r\n\r\n" + strings.Repeat(" ", 10000),
	} {
		t.Run(name, func(t *testing.T) {
			s := patient()
			s.bodyPatience, s.cfg.MaxBody = 50*time.Millisecond, 30000
			s.budget = semaphore.NewWeighted(30000)
			d := dial(t, serve(t, s))
			d.say(someHead + tc)
			r, body := d.hear()
			var p api.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || r.StatusCode != 408 || p.Type != api.TypeRequestTimeout || !r.Close {
				t.Errorf("answer is %s %s, closing %v", r.Status, body, r.Close)
			}
			if !d.ends() {
				t.Error("the connection goes on")
			}
			if n := s.Totals().Rejections[reasonTooSlow]; n != 1 {
				t.Errorf("%d counted as too slow", n)
			}
			if !s.budget.TryAcquire(30000) {
				t.Error("the memory is still claimed")
			}
		})
	}
}

func TestFrontCutBodyIsInvalid(t *testing.T) {
	s := patient()
	d := dial(t, serve(t, s))
	d.say(someHead + "Content-Length: 500\r\n\r\n{")
	if err := d.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if r, body := d.hear(); r.StatusCode != 400 || !strings.Contains(body, "ended early") {
		t.Errorf("answer is %s %s", r.Status, body)
	}
	if n := s.Totals().Rejections[reasonInvalid]; n != 1 {
		t.Errorf("%d counted as invalid", n)
	}
}

func TestFrontHeaderTooLarge(t *testing.T) {
	url := serve(t, patient())
	d := dial(t, url)
	d.say("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", mostHeader) + "\r\n\r\n")
	r, body := d.hear()
	var p api.Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || r.StatusCode != 431 || p.Status != 431 || !r.Close || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %s %s, closing %v", r.Status, body, r.Close)
	}
	d = dial(t, url)
	d.say("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", mostHeader*9/10) + "\r\n\r\n")
	if r, body := d.hear(); r.StatusCode != 200 {
		t.Errorf("a header that just fits: %s %s", r.Status, body)
	}
}

func TestFrontNoHTTPIsInvalid(t *testing.T) {
	d := dial(t, serve(t, patient()))
	d.say("what is this\r\n\r\n")
	if r, body := d.hear(); r.StatusCode != 400 || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer is %s %s", r.Status, body)
	}
}

func TestFrontHeadHasNoBody(t *testing.T) {
	response, err := http.Head(serve(t, patient()) + "/v1/languages")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || len(body) > 0 || response.ContentLength <= 0 {
		t.Errorf("%s, %d bytes of %d, %v", response.Status, len(body), response.ContentLength, err)
	}
}

// TestFrontLargeBodyGetsItsRefusal sends far more than is read; the client must see the answer, not a broken connection.
func TestFrontLargeBodyGetsItsRefusal(t *testing.T) {
	for name, chunked := range map[string]bool{"with length": false, "chunked": true} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, patient())
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

func TestFrontIdleConnectionsDoNotDelayItsEnd(t *testing.T) {
	front := patient().Front()
	d := dial(t, serveFront(t, front))
	d.say("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	d.hear()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begun := time.Now()
	if err := front.ShutdownWithContext(ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if !d.ends() {
		t.Error("the connection goes on")
	}
}
