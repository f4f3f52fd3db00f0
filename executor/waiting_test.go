package executor

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
)

// oneSlot sets one slot, so that every submission after the first one waits.
func oneSlot(s *testSettings) { s.Options.Workers, s.Options.Threads = 1, 1 }

func TestExecutorFullQueueRejectsAtOnce(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) {
		oneSlot(s)
		s.Options.QueueCapacity = 2
	})
	ctx, cancel := context.WithCancel(context.Background())
	f := r.launch(ctx, 3, "sleep 15")
	r.eventually(r.queued, 2)
	a := r.submit(context.Background(), "echo too late")
	if a.kind() != "503 queue_full" {
		t.Fatalf("answer is %s", a.kind())
	}
	if seconds, err := strconv.Atoi(a.header.Get(api.HeaderRetryAfter)); err != nil || seconds < 1 {
		t.Errorf("Retry-After is %q", a.header.Get(api.HeaderRetryAfter))
	}
	if a.took > 100*time.Millisecond {
		t.Errorf("rejected after %s, not at once", a.took)
	}
	if status, body, err := r.get(api.PathReadyz); status != http.StatusOK {
		t.Errorf("a full queue changes the readiness: %d %s %v", status, body, err)
	}
	cancel()
	f.wait.Wait()
}

func TestExecutorQueueHeaderNoneWaitsForNothing(t *testing.T) {
	r := startExecutor(t, oneSlot)
	// The executor is ready shortly before its slot accepts work.
	r.eventually(func() int { return r.submit(context.Background(), "echo free", api.HeaderQueue, "none").status }, http.StatusOK)
	ctx, cancel := context.WithCancel(context.Background())
	f := r.launch(ctx, 1, "sleep 15")
	r.eventually(r.busy, 1)
	if a := r.submit(context.Background(), "echo", api.HeaderQueue, api.QueueNone); a.kind() != "503 no_free_slot" || a.header.Get(api.HeaderRetryAfter) == "" {
		t.Errorf("without a free slot: %s %v", a.kind(), a.header)
	}
	cancel()
	f.wait.Wait()
}

func TestExecutorExpiredSubmissionIsRejectedAndNeverRun(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) {
		oneSlot(s)
		s.Options.QueueWait = 300 * time.Millisecond
	})
	f := r.launch(context.Background(), 1, "sleep 1.5")
	r.eventually(r.busy, 1)
	a := r.submit(context.Background(), "echo never")
	if a.kind() != "503 queue_timeout" || a.took < 300*time.Millisecond || a.took > 800*time.Millisecond {
		t.Errorf("answer is %s after %s", a.kind(), a.took)
	}
	if diff := cmp.Diff(map[string]int{"OK": 1}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := r.metric("executor_submissions_total", "language", "shell", "verdict", "OK"); got != 1 {
		t.Errorf("%v submissions were run, want 1", got)
	}
}

func TestExecutorDepthMetricIsQueueDepth(t *testing.T) {
	r := startExecutor(t, oneSlot)
	holding, release := context.WithCancel(context.Background())
	defer release()
	first := r.launch(holding, 1, "sleep 15")
	r.eventually(r.busy, 1)

	leaving, leave := context.WithCancel(context.Background())
	staying := r.launch(context.Background(), 4, "echo stays")
	leavers := r.launch(leaving, 3, "echo leaves")
	r.eventually(r.queued, 7)
	check := func(want float64) {
		t.Helper()
		if got := r.metric("executor_queue_depth"); got != want {
			t.Errorf("executor_queue_depth is %v, want %v", got, want)
		}
	}
	check(7)
	if got := r.metric("executor_queue_oldest_seconds"); got <= 0 {
		t.Errorf("executor_queue_oldest_seconds is %v", got)
	}
	s := r.state()
	if s.Accepted-s.Answered != uint64(s.Queued+s.Busy) {
		t.Errorf("accepted %d, answered %d, queued %d, busy %d", s.Accepted, s.Answered, s.Queued, s.Busy)
	}
	leave()
	leavers.wait.Wait()
	r.eventually(r.queued, 4)
	check(4)
	if s := r.state(); s.Answered-s.Finished != 3 {
		t.Errorf("%d answered and %d finished after 3 clients left the queue", s.Answered, s.Finished)
	}
	release()
	first.wait.Wait()
	if diff := cmp.Diff(map[string]int{"OK": 4}, staying.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	check(0)
	if got := r.metric("executor_rejections_total", "reason", api.ReasonClientGone); got != 4 {
		t.Errorf("%v clients counted as gone, want 4", got)
	}
}

func TestExecutorClientGoneFreesTheSlot(t *testing.T) {
	r := startExecutor(t, oneSlot)
	ctx, cancel := context.WithCancel(context.Background())
	f := r.launch(ctx, 1, "sleep 15")
	r.eventually(r.busy, 1)
	begun := time.Now()
	cancel()
	f.wait.Wait()
	if a := r.submit(context.Background(), "echo next"); a.kind() != "OK" {
		t.Errorf("answer is %s", a.kind())
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("the slot was free after %s", took)
	}
	if got := r.metric("executor_worker_restarts_total", "reason", "hung"); got != 0 {
		t.Error("the worker was replaced for it")
	}
}

func TestExecutorBelowMinimumTierRunsNothing(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Tier, s.Unready = sandbox.None, true })
	status, body, err := r.get(api.PathReadyz)
	if status != http.StatusServiceUnavailable || !strings.Contains(string(body), "below the minimum RestrictedLegacy") {
		t.Errorf("readyz: %d %s %v", status, body, err)
	}
	if a := r.submit(context.Background(), "echo"); a.kind() != "503 isolation" {
		t.Errorf("answer is %s", a.kind())
	}
	if status, _, err := r.get(api.PathHealthz); status != http.StatusOK {
		t.Errorf("healthz: %d %v", status, err)
	}
	if n := len(r.workers()); n != 0 {
		t.Errorf("there are %d workers", n)
	}
}
