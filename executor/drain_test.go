package executor

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/settings"
)

// TestClientThatNeverReadsCostsNoCounts ends an executor while a client does not read its answer.
// The answer is larger than the buffers of both ends, so the executor blocks in writing it. The
// termination message must be complete before the grace period, computed from the same options, is
// over.
func TestClientThatNeverReadsCostsNoCounts(t *testing.T) {
	file := terminationFile(t)
	var budget settings.Drain
	r := startExecutor(t, func(s *testSettings) {
		o := &s.Options
		o.Timeout, o.QueueWait, o.DrainDelay, o.WriteTime = 10*time.Second, time.Second, 100*time.Millisecond, 500*time.Millisecond
		largeAnswers(o)
		o.TerminationMessage = file
		budget = o.drainBudget()
	})
	defer neverReads(t, r).Close()

	begun := time.Now()
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	took, afterSIGTERM := time.Since(begun), budget.Total()-budget.PreStop
	if took > afterSIGTERM {
		t.Errorf("the executor ended after %s, the kubelet kills it after %s", took, afterSIGTERM)
	}
	// Without work the drain is the delay and the wait for the client, far below the budget.
	if least := budget.Delay + budget.Write; took < least || took > least+5*time.Second {
		t.Errorf("the executor ended after %s, want about %s: the client was not waited for, or for too long", took, least)
	}
	totals := terminationTotals(t, file)
	if totals.Accepted != 1 || totals.Verdicts[api.OK] != 1 {
		t.Errorf("termination message %+v, want one accepted submission with verdict OK", totals)
	}
}

// terminationFile returns an empty file for the termination message.
func terminationFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// terminationTotals reads the termination message.
func terminationTotals(t *testing.T, file string) api.Totals {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var totals api.Totals
	if err := json.Unmarshal(content, &totals); err != nil {
		t.Fatalf("termination message %q: %v", content, err)
	}
	return totals
}

// largeAnswers sets limits that admit the runs of neverReads.
func largeAnswers(o *Options) { o.Limits.Output, o.Limits.Memory = 8<<20, 256<<20 }

// neverReads submits 6 runs of 4 MiB of output each, on a connection with a small receive buffer
// from which nothing is read. It returns when the answer is computed, as the first of the executor.
func neverReads(t *testing.T, r *executorProcess) net.Conn {
	t.Helper()
	const script = `s=xxxxxxxx; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do s=$s$s; done; printf %s "$s"`
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
		if err != nil {
			return err
		}
		return failed
	}}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(api.Request{Language: "shell", Source: script, Runs: make([]api.RunInput, 6)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/execute HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	r.eventually(func() int { return int(r.state().Answered) }, 1)
	return conn
}
