package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
)

const mebibyte = 1 << 20

// newBudgetServer returns a server with memory for 4 MiB of requests of up to 1 MiB.
func newBudgetServer(change ...func(*Config)) *Server {
	return newServer(fixedSlots{slots: 1}, append(change, func(c *Config) {
		c.QueueWait, c.MaxBody, c.Budget = time.Minute, mebibyte, budget.New(4*mebibyte, 0)
	})...)
}

// answersSmall checks that an honest small submission is accepted and answered.
func answersSmall(t *testing.T, s *Server, url string) {
	t.Helper()
	d := dial(t, url)
	d.send(validRequest)
	popJob(t, s).Answer(okOutcome("small"))
	if r, body := d.receive(); r.StatusCode != http.StatusOK {
		t.Errorf("an honest submission gets %s %s", r.Status, body)
	}
	_ = d.Close()
}

func TestBodyClaimsWhatHasArrived(t *testing.T) {
	for name, framing := range map[string]string{
		"with length": fmt.Sprintf("Content-Length: %d\r\n\r\n", mebibyte),
		"chunked":     fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", mebibyte),
	} {
		t.Run(name, func(t *testing.T) {
			s := newBudgetServer()
			url := serve(t, s)
			for range 30 {
				dial(t, url).send(validHeader + framing + `{"language":"c","source":"` + strings.Repeat("x", 9000))
			}
			answersSmall(t, s, url)
			if !s.budget.ClaimRequest(4 * mebibyte) {
				t.Error("the idle requests have claimed memory")
			}
			s.budget.ReleaseRequest(4 * mebibyte)
		})
	}
}

// TestLargeBodiesLeaveTheAllowanceOfSmallOnes fills the budget with bodies that lack their last
// byte.
func TestLargeBodiesLeaveTheAllowanceOfSmallOnes(t *testing.T) {
	s := newBudgetServer()
	url := serve(t, s)
	text := validHeader + fmt.Sprintf("Content-Length: %d\r\n\r\n", mebibyte) + strings.Repeat(" ", mebibyte-1)
	var large []*rawConn
	for range 4 {
		d := dial(t, url)
		d.send(text)
		large = append(large, d)
	}
	eventually(t, "the budget is full", func() bool {
		if s.budget.ClaimRequest(mebibyte / 2) {
			s.budget.ReleaseRequest(mebibyte / 2)
			return false
		}
		return true
	})
	for range 20 {
		answersSmall(t, s, url)
	}
	d := dial(t, url)
	d.send(text)
	if r, body := d.receive(); r.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, api.ReasonOverloaded) {
		t.Errorf("a large submission gets %s %.300s", r.Status, body)
	}
	for _, d := range large {
		_ = d.Close()
	}
	eventually(t, "the budget is free", func() bool { return s.budget.ClaimRequest(4 * mebibyte) })
}

func TestStalledLargeBodyTimesOutEarly(t *testing.T) {
	s := newBudgetServer()
	s.stallTimeout = 50 * time.Millisecond
	url := serve(t, s)
	d := dial(t, url)
	begun := time.Now()
	d.send(validHeader + fmt.Sprintf("Content-Length: %d\r\n\r\n", mebibyte) + strings.Repeat(" ", mebibyte/2))
	if r, body := d.receive(); r.StatusCode != http.StatusRequestTimeout {
		t.Errorf("got %s %.300s", r.Status, body)
	}
	if took := time.Since(begun); took > bodyTimeout/2 {
		t.Errorf("the answer came after %s", took)
	}
	eventually(t, "the budget is free", func() bool { return s.budget.ClaimRequest(4 * mebibyte) })
}

// TestLargestBodyIsDecoded sends bodies around the sizes at which their memory changes.
func TestLargestBodyIsDecoded(t *testing.T) {
	for _, size := range []int{allowance - 1, allowance, allowance + 1, allowance + bodyPiece, mebibyte - 1, mebibyte} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, chunked %t", size, chunked), func(t *testing.T) {
				s := newBudgetServer()
				d := dial(t, serve(t, s))
				before, after := `{"language":"c","source":"`, `"}`
				source := strings.Repeat("x", size-len(before)-len(after))
				body := before + source + after
				if chunked {
					half := size / 2
					d.send(validHeader + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], size-half, body[half:]))
				} else {
					d.send(validHeader + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", size, body))
				}
				j := popJob(t, s)
				if j.Request.Source != source {
					t.Errorf("the source has %d bytes, want %d", len(j.Request.Source), len(source))
				}
				j.Answer(okOutcome("x"))
				if r, body := d.receive(); r.StatusCode != http.StatusOK {
					t.Errorf("got %s %.300s", r.Status, body)
				}
				eventually(t, "the budget is free", func() bool { return s.budget.ClaimRequest(4 * mebibyte) })
			})
		}
	}
}

// TestConnectionsAreBounded opens as many connections as there may be, of clients that do not go
// on. New connections must replace them.
func TestConnectionsAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":          "",
		"half a header":    "POST /v1/execute HTTP/1.1\r\nHost: x\r\nX-Begun: 1",
		"half a body":      validHeader + "Content-Length: 500\r\n\r\n{",
		"half a long body": validHeader + "Content-Length: 60000\r\n\r\n" + strings.Repeat(" ", 30000),
		"an idle one":      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := newBudgetServer(func(c *Config) { c.Connections = 4 })
			url := serve(t, s)
			for range 4 {
				dial(t, url).send(text)
			}
			time.Sleep(minWait + minWait/2) // so that they are old enough
			for range 4 {
				answersSmall(t, s, url)
			}
		})
	}
}

// TestConnectionsAboveTheBoundAreRefused opens a connection more than there may be while the
// executor works for all others.
func TestConnectionsAboveTheBoundAreRefused(t *testing.T) {
	s := newBudgetServer(func(c *Config) { c.Connections = 2 })
	url := serve(t, s)
	var jobs []*job.Job
	for range 2 {
		dial(t, url).send(validRequest)
		jobs = append(jobs, popJob(t, s))
	}
	time.Sleep(minWait + minWait/2)
	d := dial(t, url)
	if r, body := d.receive(); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get(api.HeaderRetryAfter) == "" || !strings.Contains(body, api.ReasonOverloaded) {
		t.Errorf("the connection above the bound gets %s %s", r.Status, body)
	}
	if !d.closed() {
		t.Error("the connection above the bound stays open")
	}
	for _, j := range jobs {
		j.Answer(okOutcome("x"))
	}
}
