package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

func TestExecuteSendsWhatTheOptionsSay(t *testing.T) {
	var got http.Header
	var body string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		got, body = r.Header, r.Method+" "+r.URL.Path+" "+string(content)
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		io.WriteString(w, `{"verdict":"OK"}`)
	})
	request := &api.Request{Language: "c", Source: "a<b&&c>d"}
	if _, err := c.Execute(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if want := `POST /v1/execute {"language":"c","source":"a<b&&c>d"}` + "\n"; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
	for header, want := range map[string]string{api.HeaderContentType: api.ContentTypeJSON, api.HeaderQueue: "", api.HeaderPurpose: "", api.HeaderRequestID: ""} {
		if got.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, got.Get(header), want)
		}
	}
	var timing Timing
	if _, err := c.Execute(t.Context(), request, WithoutQueue(), AsCanary(), WithRequestID("r7"), WithTiming(&timing)); err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{api.HeaderQueue: "none", api.HeaderPurpose: "canary", api.HeaderRequestID: "r7"} {
		if got.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, got.Get(header), want)
		}
	}
	if !timing.Reused {
		t.Error("the second submission has a connection of its own")
	}
}

func TestExecuteReturnsProblems(t *testing.T) {
	c := answers(t, 503, api.ContentTypeProblem,
		`{"type":"/problems/unavailable","title":"no","status":200,"reason":"queue_full","detail":"128 wait already"}`,
		api.HeaderRetryAfter, "7")
	result, err := c.Execute(t.Context(), &api.Request{})
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok || result != nil {
		t.Fatalf("result %v, error %v; want a problem", result, err)
	}
	want := api.Problem{Type: api.TypeUnavailable, Title: "no", Status: 503, Reason: api.ReasonQueueFull, Detail: "128 wait already"}
	check(t, &want, problem, nil)
	answer, ok := errors.AsType[*AnswerError](err)
	if !ok || answer.Status != 503 || answer.RetryAfter != 7*time.Second ||
		err.Error() != "503 Service Unavailable: queue_full: 128 wait already" {
		t.Errorf("error %+v: %v", answer, err)
	}
}

func TestRetryAfterInSeconds(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "1": time.Second, "60": time.Minute, "-1": 0, "1.5": 0, "99999999999": 0, "Fri, 31 Dec 1999 23:59:59 GMT": 0,
	} {
		if got := retryAfter(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestExecuteWithoutVerdictIsError(t *testing.T) {
	_, err := answers(t, 200, api.ContentTypeJSON, "{}").Execute(t.Context(), &api.Request{})
	if answer, ok := errors.AsType[*AnswerError](err); !ok || answer.Status != 200 {
		t.Errorf("error %v, want one of the answer", err)
	}
}

func TestEncodeRejectsBytesThatAreNoText(t *testing.T) {
	const bad = "a\xff"
	for want, request := range map[string]api.Request{
		"source":        {Source: bad},
		"stdin":         {Stdin: bad},
		"args":          {Args: []string{"x", bad}},
		"files[1]":      {Files: []api.File{{}, {Content: bad}}},
		"runs[2].stdin": {Runs: []api.RunInput{{}, {}, {Stdin: bad}}},
		"runs[0].args":  {Runs: []api.RunInput{{Args: []string{bad}}}},
	} {
		if _, err := Encode(&request); err == nil || !strings.Contains(err.Error(), want+" is not UTF-8") {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
}

// TestManyRunsBoundedInMemory has an executor answer with as many empty runs as the limit holds.
func TestManyRunsBoundedInMemory(t *testing.T) {
	const limit = 8 << 20
	runs := strings.Repeat("{},", limit/3-100)
	c := answers(t, 200, api.ContentTypeJSON, `{"verdict":"OK","runs":[`+runs+`{}]}`)
	c.maxResult = limit
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := c.Execute(t.Context(), &api.Request{})
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more runs") {
		t.Errorf("error %v, want one about the runs", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8*limit {
		t.Errorf("allocated %d MiB for an answer of %d MiB", took>>20, limit>>20)
	}
	large := `{"verdict":"OK","runs":[{"stdout":"` + strings.Repeat("x", 1<<20) + `"},{}]}`
	result, err := answers(t, 200, api.ContentTypeJSON, large).Execute(t.Context(), &api.Request{})
	if err != nil || len(result.Runs) != 2 || len(result.Runs[0].Stdout) != 1<<20 {
		t.Errorf("a large result is not read: %v", err)
	}
}

func TestResultLimitDoesNotHoldForDocuments(t *testing.T) {
	c := answers(t, 200, api.ContentTypeJSON, `{"verdict":"OK","id":"`+strings.Repeat("x", 2000)+`"}`)
	c.maxDocument = 1000
	if _, err := c.Execute(t.Context(), &api.Request{}); err != nil {
		t.Error(err)
	}
	c.maxResult = 1000
	if _, err := c.Execute(t.Context(), &api.Request{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want %v", err, ErrTooLarge)
	}
}

// TestConnectionLossReportsAcceptance loses the connection at each point of a submission.
func TestConnectionLossReportsAcceptance(t *testing.T) {
	large := strings.Repeat("x", 16<<20)
	for name, tc := range map[string]struct {
		source string
		lose   func(net.Conn)
		want   bool
		words  string
	}{
		"before it reads":      {large, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, false, ""},
		"in the request":       {large, func(c net.Conn) { io.CopyN(io.Discard, c, 4<<20); c.(*net.TCPConn).SetLinger(0) }, false, ""},
		"after the request":    {"x", func(c net.Conn) { readRequest(c) }, true, "the connection closed before the answer was complete"},
		"reset after it":       {"x", func(c net.Conn) { readRequest(c); c.(*net.TCPConn).SetLinger(0) }, true, ""},
		"in the answer's head": {"x", func(c net.Conn) { readRequest(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: x\r\n") }, true, "the connection closed before the answer was complete"},
		"in the answer's body": {"x", func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"verdict\"")
		}, true, "the connection closed before the answer was complete"},
	} {
		t.Run(name, func(t *testing.T) {
			c := losing(t, tc.lose)
			_, err := c.Execute(t.Context(), &api.Request{Language: "c", Source: tc.source})
			failure, ok := errors.AsType[*ConnectionError](err)
			if !ok || failure.MayBeAccepted != tc.want || (tc.words != "" && err.Error() != tc.words) {
				t.Errorf("error %#v: %v; may be accepted: want %t", err, err, tc.want)
			}
		})
	}
}

// losing returns a Client of a server that loses each connection as lose does.
func losing(t *testing.T, lose func(net.Conn)) *Client {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			lose(conn)
			conn.Close()
		}
	}()
	c, err := New("http://"+listener.Addr().String(), WithHTTPClient(&http.Client{Transport: NewTransport()}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readRequest(c net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		io.Copy(io.Discard, r.Body)
	}
}

func TestNoConnectionIsNotAccepted(t *testing.T) {
	refused := losing(t, func(net.Conn) {})
	refused.base.Host = "127.0.0.1:1"
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	transport := NewTransport()
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	hanging, _ := New("http://demo", WithHTTPClient(&http.Client{Transport: transport}))
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	for name, tc := range map[string]struct {
		client *Client
		ctx    context.Context
	}{
		"refused": {refused, t.Context()}, "context over before": {hanging, ended}, "context over while it dials": {hanging, short},
	} {
		_, err := tc.client.Execute(tc.ctx, &api.Request{})
		if failure, ok := errors.AsType[*ConnectionError](err); !ok || failure.MayBeAccepted {
			t.Errorf("%s: error %#v", name, err)
		}
	}
}

// ownTransport calls no hooks, as a transport of a caller may.
type ownTransport struct{ reads int64 }

func (o ownTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	io.CopyN(io.Discard, r.Body, o.reads)
	return nil, errors.New("broken")
}

func TestBodyReadToItsEndMayBeAccepted(t *testing.T) {
	for reads, want := range map[int64]bool{0: false, 10: false, 1000: true} {
		c, _ := New("http://demo", WithHTTPClient(&http.Client{Transport: ownTransport{reads}}))
		_, err := c.Execute(t.Context(), &api.Request{})
		if failure, ok := errors.AsType[*ConnectionError](err); !ok || failure.MayBeAccepted != want || err.Error() != "broken" {
			t.Errorf("after %d bytes: error %#v, want one that may be accepted: %t", reads, err, want)
		}
	}
}

func TestBodyNotReadAfterTheCall(t *testing.T) {
	s := &submission{content: []byte("0123456789")}
	early, _ := s.reader()
	io.CopyN(io.Discard, early, 9)
	if s.end() {
		t.Error("9 of 10 bytes are the whole body")
	}
	if n, err := early.Read(make([]byte, 10)); n != 0 || err == nil || s.end() {
		t.Errorf("read %d bytes after the end, %v", n, err)
	}
}

// TestLostKeptConnectionIsNotRetried has a server close each connection when it gets its second
// submission.
func TestLostKeptConnectionIsNotRetried(t *testing.T) {
	var requests atomic.Int64
	c := losing(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for range 2 {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, r.Body)
			if requests.Add(1) == 1 {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"verdict\":\"OK\"}")
			}
		}
	})
	if _, err := c.Execute(t.Context(), &api.Request{}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Execute(t.Context(), &api.Request{})
	if failure, ok := errors.AsType[*ConnectionError](err); !ok || !failure.MayBeAccepted || requests.Load() != 2 {
		t.Errorf("error %v after %d submissions, want one that may be accepted after 2", err, requests.Load())
	}
}

func TestTimingPartsAddUp(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		time.Sleep(30 * time.Millisecond)
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		io.WriteString(w, `{"verdict":`)
		w.(http.Flusher).Flush()
		time.Sleep(30 * time.Millisecond)
		io.WriteString(w, `"OK"}`)
	}, WithHTTPClient(&http.Client{Transport: NewTransport()}))
	var timing Timing
	began := time.Now()
	if _, err := c.Execute(t.Context(), &api.Request{}, WithTiming(&timing)); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	sum := timing.Connect + timing.Send + timing.Wait + timing.Receive
	if timing.Reused || timing.Connect <= 0 || timing.Wait < 25*time.Millisecond || timing.Receive < 25*time.Millisecond || sum > took {
		t.Errorf("%+v of %s", timing, took)
	}
	timing = Timing{Reused: true}
	c.base.Host = "127.0.0.1:1"
	if _, err := c.Execute(t.Context(), &api.Request{}, WithTiming(&timing)); err == nil {
		t.Error("an answer from nobody")
	}
	timing.Connect = 0
	if diff := cmp.Diff(Timing{}, timing); diff != "" {
		t.Errorf("without a connection (-want +got):\n%s", diff)
	}
}

// FuzzDecodeResult checks that no answer makes more runs than a submission can have, whatever its
// size.
func FuzzDecodeResult(f *testing.F) {
	f.Add([]byte(`{"verdict":"OK","runs":[{},{"stdout":"x"}],"RUNS":[{}]}`), 1)
	f.Add([]byte(`{"runs":[`), api.MaxRuns)
	f.Add([]byte(`{"runs":null,"verdict":"OK"}`), 0)
	f.Fuzz(func(t *testing.T, content []byte, spaces int) {
		// Large answers are counted before they are decoded.
		content = append(content, strings.Repeat(" ", min(max(0, spaces), 2)*uncountedBytes)...)
		var result api.Result
		if err := decode(content, &result); err == nil && len(content) > uncountedBytes && len(result.Runs) > api.MaxRuns {
			t.Errorf("%d runs were decoded", len(result.Runs))
		}
	})
}
