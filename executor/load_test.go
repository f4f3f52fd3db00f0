package executor

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
)

func TestExecutorThousandConcurrentSubmissionsAreAnsweredOnce(t *testing.T) {
	const n = 1000
	r := startExecutor(t, func(s *testSettings) {
		s.Options.Workers, s.Options.Threads, s.Options.QueueCapacity, s.Options.QueueWait = 4, 2, n, 5*time.Minute
	})
	var wait sync.WaitGroup
	answers := make([]answer, n)
	for i := range n {
		wait.Go(func() { answers[i] = r.submit(context.Background(), fmt.Sprintf("echo %d", i)) })
	}
	wait.Wait()

	ids := map[string]bool{}
	for i, a := range answers {
		if a.kind() != "OK" || len(a.result.Runs) != 1 || a.result.Runs[0].Stdout != fmt.Sprintf("%d\n", i) {
			t.Fatalf("submission %d: %s: %+v", i, a.kind(), a.result)
		}
		ids[a.result.ID] = true
	}
	if len(ids) != n {
		t.Errorf("%d submissions have %d ids", n, len(ids))
	}
	want := api.State{Slots: 8, QueueCapacity: n, Tier: "Restricted", Accepted: n, Answered: n, Finished: n}
	got := r.state()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(api.State{}, "ServedMillis", "UptimeMillis")); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if got.ServedMillis == 0 || int64(got.ServedMillis) > got.UptimeMillis*8 {
		t.Errorf("8 slots served %d ms in %d ms", got.ServedMillis, got.UptimeMillis)
	}
}

func TestExecutorRunPastTimeoutIsAnsweredInTime(t *testing.T) {
	const timeout = 1500 * time.Millisecond
	r := startExecutor(t, func(s *testSettings) { s.Options.Timeout, s.Options.Limits.Wall = timeout, timeout })
	for name, script := range map[string]string{
		"sleeps":          "sleep 60",
		"computes":        "while :; do :; done",
		"ignores signals": "trap '' TERM INT HUP; sleep 60; sleep 60",
		"stops itself":    "kill -STOP $$",
		"leaves a child":  "sleep 60 & wait",
	} {
		t.Run(name, func(t *testing.T) {
			a := r.submit(context.Background(), script)
			if a.kind() != "TimeLimit" {
				t.Errorf("answer is %s %q, want TimeLimit", a.kind(), a.result.Cause)
			}
			if a.took > timeout+200*time.Millisecond {
				t.Errorf("answered after %s, want at most 200 ms more than %s", a.took, timeout)
			}
		})
	}
}

func TestExecutorStoppedWorkerIsAnsweredForAndReplaced(t *testing.T) {
	const timeout = time.Second
	r := startExecutor(t, func(s *testSettings) {
		s.Options.Workers, s.Options.Threads, s.Options.Timeout, s.Options.Limits.Wall = 1, 1, timeout, timeout
	})
	f := r.launch(context.Background(), 1, "sleep 60")
	r.eventually(r.busy, 1)
	if err := syscall.Kill(r.workers()[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"TimeLimit": 1}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if took := f.answers[0].took; took > timeout+200*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	if r.busy() != 1 {
		t.Error("the slot counts as free before its worker has reported")
	}
	r.eventually(func() int { return int(r.metric("executor_worker_restarts_total", "reason", "hung")) }, 1)
	if a := r.submit(context.Background(), "echo again"); a.kind() != "OK" {
		t.Errorf("after the replacement: %s", a.kind())
	}
}

func TestExecutorKilledWorkerCostsItsSlotsOnly(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.Workers, s.Options.Threads = 4, 2 })
	f := r.launch(context.Background(), 8, "sleep 3")
	r.eventually(r.busy, 8)
	pid := r.workers()[0]
	// The shells must run before their worker dies, so that they become orphans.
	r.eventually(func() int { return len(children(t, pid)) }, 2)
	orphans := children(t, pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// More submissions than the free slots can run meanwhile, so that the replacement runs some of
	// them.
	after := r.launch(context.Background(), 40, "echo after")
	if diff := cmp.Diff(map[string]int{"OK": 6, "InternalError": 2}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	for _, a := range f.answers {
		if a.kind() == "InternalError" && a.result.Cause != "worker process ended: signal: killed" {
			t.Errorf("cause is %q", a.result.Cause)
		}
	}
	if diff := cmp.Diff(map[string]int{"OK": 40}, after.kinds()); diff != "" {
		t.Errorf("answers of those that came after (-want +got):\n%s", diff)
	}
	for _, pid := range orphans {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("process %d of the killed worker is still there: %v", pid, err)
		}
	}
	if got := r.metric("executor_worker_restarts_total", "reason", "crashed"); got != 1 {
		t.Errorf("%v workers were replaced, want 1", got)
	}
}

// Slots with brief submissions prefetch. A prefetched submission behind a long run must not wait
// for the long run.
func TestExecutorLongRunDelaysNoPrefetchedSubmission(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.Workers, s.Options.Threads = 2, 1 })
	var stop atomic.Bool
	brief := r.repeat(8, ":", func(a answer) bool { return stop.Load() || a.kind() != "OK" })
	r.eventually(func() int { return min(brief.count(), 100) }, 100)
	for range 3 {
		if a := r.submit(context.Background(), "sleep 6"); a.kind() != "OK" {
			t.Errorf("the long run: %s", a.kind())
		}
	}
	stop.Store(true)
	if diff := cmp.Diff([]string{"OK"}, slices.Collect(maps.Keys(brief.kinds()))); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	for _, a := range brief.answers {
		if a.took > 5*time.Second {
			t.Errorf("a brief run was answered after %s", a.took)
		}
	}
}

// A worker that dies with a prefetched submission costs only the submission that runs.
func TestExecutorKilledWorkerKeepsPrefetchedSubmissions(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.Workers, s.Options.Threads = 2, 1 })
	const kills = 5
	var stop atomic.Bool
	f := r.repeat(8, ":", func(answer) bool { return stop.Load() })
	for i := range kills {
		enough := f.count() + 200
		r.eventually(func() int { return min(f.count(), enough) }, enough)
		if err := syscall.Kill(r.workers()[0], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.eventually(func() int { return int(r.metric("executor_worker_restarts_total", "reason", "crashed")) }, i+1)
	}
	stop.Store(true)
	kinds := f.kinds()
	delete(kinds, "OK")
	lost := kinds["InternalError"]
	delete(kinds, "InternalError")
	if len(kinds) > 0 || lost > kills {
		t.Errorf("%d killed workers of one slot cost %d submissions, and %v", kills, lost, kinds)
	}
	if got := r.state(); got.Queued != 0 || got.Busy != 0 || got.Accepted != got.Answered {
		t.Errorf("state %+v: something is left", got)
	}
}

func TestExecutorTermUnderLoadLosesNothing(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.DrainDelay = 500 * time.Millisecond })
	var signalled atomic.Bool
	f := r.repeat(40, "sleep 0.1", func(a answer) bool {
		// A client whose connection is closed would go to another replica.
		return a.kind() != "OK" || signalled.Load() && a.closes
	})
	r.eventually(func() int { return min(f.count(), 40) }, 40)
	r.signal(syscall.SIGTERM)
	signalled.Store(true)
	r.eventually(func() int { status, _, _ := r.get(api.PathReadyz); return status }, http.StatusServiceUnavailable)
	kinds := f.kinds()
	served := kinds["OK"]
	delete(kinds, "OK")
	delete(kinds, "503 draining")
	delete(kinds, "refused connection")
	if len(kinds) > 0 || served < 40 {
		t.Errorf("besides %d served: %v", served, kinds)
	}
	if code := r.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestExecutorTermDrainsQueueAndSlots(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.Workers, s.Options.Threads = 1, 1 })
	f := r.launch(context.Background(), 6, "sleep 0.3")
	r.eventually(r.queued, 5)
	r.signal(syscall.SIGTERM)
	if diff := cmp.Diff(map[string]int{"OK": 6}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if code := r.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestExecutorSecondSignalStopsAtOnceWithAnswers(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) { s.Options.Workers, s.Options.Threads = 1, 1 })
	f := r.launch(context.Background(), 3, "sleep 10")
	r.eventually(r.queued, 2)
	r.signal(syscall.SIGTERM)
	r.eventually(func() int { status, _, _ := r.get(api.PathReadyz); return status }, 0) // the listener is closed
	r.signal(syscall.SIGTERM)
	if diff := cmp.Diff(map[string]int{"InternalError": 1, "503 draining": 2}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if code := r.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestExecutorRecyclesUnderLoadWithoutLoss(t *testing.T) {
	for name, tc := range map[string]struct {
		recycleAfter int
		hangup       int
		reason       string
		least        float64
	}{
		"after RecycleAfter runs": {recycleAfter: 20, reason: "recycled", least: 5},
		"on SIGHUP":               {recycleAfter: 1_000_000, hangup: 2, reason: "requested", least: 4},
	} {
		t.Run(name, func(t *testing.T) {
			r := startExecutor(t, func(s *testSettings) { s.Options.RecycleAfter = tc.recycleAfter })
			var stop atomic.Bool
			f := r.repeat(12, "echo done", func(a answer) bool { return stop.Load() || a.kind() != "OK" })
			restarts := func() float64 { return r.metric("executor_worker_restarts_total", "reason", tc.reason) }
			g := gomega.NewWithT(t)
			r.eventually(r.busy, 4) // a worker that still starts is not replaced
			for range tc.hangup {
				before := restarts()
				r.signal(syscall.SIGHUP)
				g.Eventually(restarts).WithTimeout(time.Minute).Should(gomega.BeNumerically(">=", before+2))
			}
			g.Eventually(restarts).WithTimeout(time.Minute).Should(gomega.BeNumerically(">=", tc.least))
			stop.Store(true)
			kinds := f.kinds()
			delete(kinds, "OK")
			if len(kinds) > 0 {
				t.Errorf("answers that are not OK: %v", kinds)
			}
			if got := r.metric("executor_worker_restarts_total", "reason", "crashed"); got != 0 {
				t.Errorf("%v workers crashed", got)
			}
		})
	}
}
