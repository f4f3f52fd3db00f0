package openapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"executorpool.dev/executor/api"
)

const (
	executePath = api.PathExecute
	hello       = `{"language": "python3", "source": "print(1)"}`
)

// problems are the problem documents that executors have sent, by problemKind.
type problems struct {
	t        *testing.T
	document *openapi3.T
	mu       sync.Mutex
	sent     map[problemKind]bool
}

// problemKind is what an example of a problem and a sent problem have in common.
type problemKind struct {
	Type, Title   string
	Status        int
	Field, Reason string
}

// add compares an answer with the document, and the problem with the status and the reason that are
// wanted.
func (p *problems) add(a answer, path, method string, status int, reason string) {
	a.check(p.t, p.document, path, method)
	var kind problemKind
	if err := json.Unmarshal(a.body, &kind); err != nil || a.status != status || kind.Status != status || kind.Reason != reason {
		p.t.Errorf("%s %s answers %d %s, want %d %s", method, path, a.status, a.body, status, reason)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[kind] = true
}

func (p *problems) saw(reason string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for kind := range p.sent {
		if kind.Reason == reason {
			return true
		}
	}
	return false
}

// TestDocumentedProblemsAreAnswered makes executors send each problem that the document has for
// /v1/execute. The one exception is 500, a fault of the executor itself, which executor/server
// tests.
func TestDocumentedProblemsAreAnswered(t *testing.T) {
	p := &problems{t: t, document: parse(t, api.OpenAPI), sent: map[problemKind]bool{}}
	t.Run("executors", func(t *testing.T) {
		for name, provoke := range map[string]func(*testing.T, *problems){
			"wrong requests": provokeByRequests, "load": provokeByLoad, "slow body": provokeBySlowBody, "isolation": provokeByIsolation,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				provoke(t, p)
			})
		}
	})
	compareExamples(t, p)
}

// compareExamples finds the examples that no executor has sent.
func compareExamples(t *testing.T, p *problems) {
	kinds, reasons := 0, []string{}
	for name, response := range p.document.Components.Responses {
		content := response.Value.Content.Get("application/problem+json")
		if content == nil {
			continue
		}
		if len(content.Examples) == 0 {
			t.Errorf("the response %s has no example", name)
		}
		for _, example := range content.Examples {
			var kind problemKind
			if err := json.Unmarshal([]byte(encode(t, example.Value.Value)), &kind); err != nil {
				t.Fatal(err)
			}
			kinds++
			if kind.Reason != "" {
				reasons = append(reasons, kind.Reason)
			}
			if kind.Status != http.StatusInternalServerError && !p.sent[kind] {
				t.Errorf("no executor has sent the example %+v", kind)
			}
		}
	}
	for _, reason := range p.document.Components.Schemas["Reason"].Value.Enum {
		if !slices.Contains(reasons, reason.(string)) {
			t.Errorf("the document has no example of the reason %s", reason)
		}
	}
	operation := p.document.Paths.Value(executePath).Post
	for status := range operation.Responses.Map() {
		sent := status == strconv.Itoa(http.StatusOK) || status == strconv.Itoa(http.StatusInternalServerError)
		for kind := range p.sent {
			sent = sent || strconv.Itoa(kind.Status) == status
		}
		if !sent {
			t.Errorf("no executor has answered %s", status)
		}
	}
	if kinds < 10 {
		t.Errorf("the document has %d examples of problems", kinds)
	}
}

func provokeByRequests(t *testing.T, p *problems) {
	e := start(t, http.StatusOK, []string{executorProgram}, "--max-body-mib=1")
	for _, tc := range []struct {
		method, path, body string
		header             []string
		status             int
	}{
		{"POST", executePath, `{"language": "c", "source": "x", "limits": {"cpuMillis": 20000}}`, nil, 400},
		{"POST", executePath, hello, []string{api.HeaderQueue, "maybe"}, 400},
		{"POST", "/execute", `{"language": "c"}`, nil, 400},
		{"GET", "/v2/execute", "", nil, 404},
		{"GET", executePath, "", nil, 405},
		{"POST", executePath, strings.Repeat(" ", 1<<20+1), nil, 413},
		{"POST", executePath, hello, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"POST", executePath, hello, []string{"Content-Encoding", "gzip"}, 415},
		{"POST", executePath, `{"language": "cobol", "source": "x"}`, nil, 422},
		{"POST", executePath, hello, []string{"X-Padding", strings.Repeat("x", 40<<10)}, 431},
	} {
		p.add(ask(t, p.document, e.url, tc.path, tc.method, tc.body, tc.header...), tc.path, tc.method, tc.status, "")
	}
	// What is no HTTP request gets an answer too.
	p.add(send(t, e, "nonsense\r\n\r\n"), executePath, http.MethodPost, http.StatusBadRequest, "")
}

// provokeByLoad fills the queue of an executor with one slot, and ends the executor.
func provokeByLoad(t *testing.T, p *problems) {
	e := start(t, http.StatusOK, []string{executorProgram},
		"--workers=1", "--threads=1", "--queue-capacity=8", "--queue-wait=500ms", "--drain-delay=0s")
	const sleeping = `{"language": "python3", "source": "import time; time.sleep(0.3)"}`
	give := func(body string, header ...string) {
		a := ask(t, p.document, e.url, executePath, http.MethodPost, body, header...)
		if a.status == http.StatusOK {
			return
		}
		var problem api.Problem
		if err := json.Unmarshal(a.body, &problem); err != nil {
			t.Errorf("%v: %s", err, a.body)
		}
		p.add(a, executePath, http.MethodPost, http.StatusServiceUnavailable, problem.Reason)
	}
	// A submission is rejected for its deadline only after 32 others were measured.
	wanted := []string{api.ReasonQueueFull, api.ReasonQueueTimeout, api.ReasonDeadline, api.ReasonNoFreeSlot}
	for deadline := time.Now().Add(2 * time.Minute); !all(wanted, p.saw); {
		if time.Now().After(deadline) {
			t.Fatalf("not all of %s were answered", wanted)
		}
		var burst sync.WaitGroup
		for range 12 {
			burst.Go(func() { give(sleeping) })
		}
		give(sleeping, api.HeaderQueue, api.QueueNone)
		burst.Wait()
	}
	drain(t, e, p)
}

func all(names []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !holds(name) })
}

// drain keeps a connection and the only slot in use while the executor shuts down, and submits on
// the connection.
func drain(t *testing.T, e *executor, p *problems) {
	kept, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		ask(t, p.document, e.url, executePath, http.MethodPost, `{"language": "python3", "source": "import time; time.sleep(2)"}`)
	})
	for busy := 0; busy == 0 && !t.Failed(); {
		var state api.State
		if err := json.Unmarshal(ask(t, p.document, e.url, api.PathState, http.MethodGet, "").body, &state); err != nil {
			t.Fatal(err)
		}
		busy = state.Busy
	}
	if err := e.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until the listener is closed
		other, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
		if err != nil {
			break
		}
		_ = other.Close()
	}
	a := exchange(t, kept, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		executePath, len(hello), hello))
	p.add(a, executePath, http.MethodPost, http.StatusServiceUnavailable, api.ReasonDraining)
}

// provokeBySlowBody sends all but the last byte of a body that claims all the memory for bodies,
// and waits until the executor gives up.
func provokeBySlowBody(t *testing.T, p *problems) {
	e := start(t, http.StatusOK, []string{executorProgram}, "--max-body-mib=1", "--buffer-mib=1")
	slow := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		executePath, 1<<20, strings.Repeat(" ", 1<<20-1))
	// A body of less than 64 KiB needs no memory for bodies.
	large := `{"language": "cobol"` + strings.Repeat(" ", 512<<10) + `}`
	ended := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for !p.saw(api.ReasonOverloaded) {
			select {
			case <-ended:
				return
			default:
			}
			if a := ask(t, p.document, e.url, executePath, http.MethodPost, large); a.status == http.StatusServiceUnavailable {
				p.add(a, executePath, http.MethodPost, http.StatusServiceUnavailable, api.ReasonOverloaded)
			}
		}
	})
	defer others.Wait()
	defer close(ended)
	for {
		a := send(t, e, slow)
		if a.status == http.StatusServiceUnavailable { // another request had a share of the memory
			continue
		}
		p.add(a, executePath, http.MethodPost, http.StatusRequestTimeout, "")
		return
	}
}

// provokeByIsolation starts an executor that cannot use Landlock.
func provokeByIsolation(t *testing.T, p *problems) {
	e := start(t, http.StatusServiceUnavailable, []string{os.Args[0], "refuse", executorProgram})
	ask(t, p.document, e.url, "/readyz", http.MethodGet, "")
	a := ask(t, p.document, e.url, executePath, http.MethodPost, hello)
	p.add(a, executePath, http.MethodPost, http.StatusServiceUnavailable, api.ReasonIsolation)
}

// send sends text on a connection of its own and reads the answer.
func send(t *testing.T, e *executor, text string) answer {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return exchange(t, connection, text)
}

func exchange(t *testing.T, connection net.Conn, text string) answer {
	t.Helper()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, response)
}
