package attacks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
)

// attackedSupervisor starts an executor with the default budget.
func attackedSupervisor(t *testing.T) (pid int, e Executor) {
	t.Helper()
	pid, url := start(t, scratchDir(t), sandbox.Restricted.String(), unprivilegedCommand()...)
	waitForReady(t, url)
	return pid, Executor{URL: url, Slots: 4, Tier: sandbox.Restricted.String()}
}

// supervisorMiB is the memory that the sum has for the supervisor of attackedSupervisor.
func supervisorMiB() int64 {
	s := settings.Default()
	s.Workers, s.Threads = 2, 2
	return s.Memory().Supervisor
}

// peakMiB returns the highest resident memory that the process has had.
func peakMiB(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n >> 10
		}
	}
	t.Fatal("the process has no VmHWM")
	return 0
}

func (e Executor) post(body []byte) (status int, err error) {
	response, err := http.Post(e.URL+api.PathExecute, api.ContentTypeJSON, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// dialRaw opens a connection with a small receive buffer and sends the text.
func (e Executor) dialRaw(t *testing.T, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

const rawHeader = "POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"

// TestSupervisorSurvivesManyElements sends the largest bodies with the most elements at one time.
func TestSupervisorSurvivesManyElements(t *testing.T) {
	pid, e := attackedSupervisor(t)
	const begin = `{"language":"c","source":"x",`
	fill := func(before, unit, after string) []byte {
		return []byte(before + strings.Repeat(unit, (api.DefaultMaxBodyBytes-len(before)-len(after))/len(unit)) + after)
	}
	for name, body := range map[string][]byte{
		"runs":           fill(begin+`"runs":[`, `{},`, `{}]}`),
		"files":          fill(begin+`"files":[`, `{},`, `{}]}`),
		"arguments":      fill(begin+`"runs":[{"args":[`, `"",`, `""]}]}`),
		"unknown fields": fill(begin, `"a":0,`, `"b":0}`),
		"escaped text":   fill(`{"language":"c","encoding":"`, `\u0001`, `"}`),
		"depth":          fill(begin+`"runs":`, `[`, ``),
	} {
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if status, err := e.post(body); err != nil || status != http.StatusBadRequest {
					t.Errorf("%s: status %d, %v; want 400", name, status, err)
				}
			})
		}
		all.Wait()
	}
	e.checkHonest(t)
	if peak, most := peakMiB(t, pid), supervisorMiB(); peak > most {
		t.Errorf("the supervisor had %d MiB, and the sum has %d", peak, most)
	}
}

// TestSupervisorAnswersBesideIdleRequests opens many large requests that never come.
func TestSupervisorAnswersBesideIdleRequests(t *testing.T) {
	_, e := attackedSupervisor(t)
	for range 64 {
		e.dialRaw(t, fmt.Sprintf(rawHeader, api.DefaultMaxBodyBytes, `{"language":"c","source":"`+strings.Repeat("x", 9000)))
	}
	for range 10 {
		e.checkHonest(t)
	}
}

// TestSupervisorMemoryOfUnreadAnswers submits programs whose answers are as large as possible, and
// does not read them.
func TestSupervisorMemoryOfUnreadAnswers(t *testing.T) {
	pid, e := attackedSupervisor(t)
	request := api.Request{Language: "c", Runs: make([]api.RunInput, api.MaxRuns), Limits: limits{MemoryMiB: memoryMiB}, Source: `
#include <string.h>
#include <unistd.h>
int main(void) { char b[65536]; memset(b, 1, sizeof b); write(1, b, sizeof b); write(2, b, sizeof b); }`}
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	const clients = 24 // whose answers do not fit into the budget together
	unread := make([]net.Conn, clients)
	for i := range unread {
		unread[i] = e.dialRaw(t, fmt.Sprintf(rawHeader, len(body), body))
	}
	// The first byte of an answer shows that the supervisor holds it. The later ones wait for the
	// memory of those before them.
	begun := 0
	for _, c := range unread {
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			begun++
		}
		if begun == clients/2 {
			break
		}
	}
	if begun < clients/2 {
		t.Errorf("only %d of %d answers have begun", begun, clients)
	}
	if peak, most := peakMiB(t, pid), supervisorMiB(); peak > most {
		t.Errorf("the supervisor had %d MiB, and the sum has %d", peak, most)
	} else if least := int64(begun) * settings.AnswerBytes(64<<10) >> 20; peak < least {
		t.Errorf("the supervisor had %d MiB, and the answers are %d: the test measures nothing", peak, least)
	}
	for _, c := range unread {
		_ = c.Close()
	}
	response, err := http.Post(e.URL+api.PathExecute, api.ContentTypeJSON, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var result api.Result
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		t.Fatal(err)
	}
	total, truncated := int64(0), 0
	for _, run := range result.Runs {
		total += int64(len(run.Stdout) + len(run.Stderr))
		if run.StdoutTruncated || run.StderrTruncated {
			truncated++
		}
	}
	if total != settings.AnswerBytes(64<<10) || truncated != api.MaxRuns/2 || len(result.Runs) != api.MaxRuns || result.Verdict != api.OK {
		t.Errorf("%s, %d runs, %d bytes of output, %d runs truncated", result.Verdict, len(result.Runs), total, truncated)
	}
	e.checkHonest(t)
}
