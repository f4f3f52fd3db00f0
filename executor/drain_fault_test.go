package executor

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/server"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/supervisor"
)

// stopWorkers stops the worker processes, so that they neither answer nor exit.
func stopWorkers(t *testing.T, r *executorProcess) {
	t.Helper()
	for _, pid := range r.workers() {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDrainWithHungWorkerKeepsItsBudget ends an executor whose only worker hangs and whose first
// client does not read. The worker hangs with a submission, which passes the timeout, or without
// one. In the second case the supervisor kills it at once.
func TestDrainWithHungWorkerKeepsItsBudget(t *testing.T) {
	for name, tc := range map[string]struct {
		running int
		verdict map[api.Verdict]uint64
		least   time.Duration // the time after which the supervisor kills the worker
	}{
		"with a submission": {1, map[api.Verdict]uint64{api.OK: 1, api.TimeLimit: 1}, settings.HangTime},
		"without work":      {0, map[api.Verdict]uint64{api.OK: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := terminationFile(t)
			var budget settings.Drain
			r := startExecutor(t, func(s *testSettings) {
				oneSlot(s)
				o := &s.Options
				largeAnswers(o)
				o.Timeout, o.QueueWait, o.DrainDelay, o.WriteTime = 8*time.Second, time.Second, 100*time.Millisecond, 500*time.Millisecond
				o.TerminationMessage = file
				budget = o.drainBudget()
			})
			defer neverReads(t, r).Close()
			f := r.launch(context.Background(), tc.running, "sleep 60")
			r.eventually(r.busy, tc.running)
			stopWorkers(t, r)

			begun := time.Now()
			r.signal(syscall.SIGTERM)
			if code := r.exitCode(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			took, afterSIGTERM := time.Since(begun), budget.Total()-budget.PreStop
			if took < tc.least || took > afterSIGTERM {
				t.Errorf("the executor ended after %s, want %s to %s", took, tc.least, afterSIGTERM)
			}
			f.wait.Wait()
			totals, accepted := terminationTotals(t, file), uint64(1+tc.running)
			if diff := cmp.Diff(tc.verdict, totals.Verdicts); diff != "" || totals.Accepted != accepted || totals.Answered != accepted {
				t.Errorf("termination message %+v, want %d answered, verdicts (-want +got):\n%s", totals, accepted, diff)
			}
		})
	}
}

// TestSecondSignalEndsHungWorker sends the second signal while a hung worker holds a submission,
// another submission waits, and a client does not read.
func TestSecondSignalEndsHungWorker(t *testing.T) {
	t.Parallel()
	file := terminationFile(t)
	r := startExecutor(t, func(s *testSettings) {
		oneSlot(s)
		largeAnswers(&s.Options)
		s.Options.TerminationMessage = file
	})
	defer neverReads(t, r).Close()
	f := r.launch(context.Background(), 2, "sleep 60")
	r.eventually(r.queued, 1)
	stopWorkers(t, r)
	r.signal(syscall.SIGTERM)
	r.eventually(func() int { status, _, _ := r.get(api.PathReadyz); return status }, 0) // the listener is closed

	begun := time.Now()
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if took, most := time.Since(begun), settings.AbortTime+settings.AbortWriteTime+2*time.Second; took > most {
		t.Errorf("the executor ended %s after the second signal, want at most %s", took, most)
	}
	if diff := cmp.Diff(map[string]int{"InternalError": 1, "503 draining": 1}, f.kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	totals := terminationTotals(t, file)
	if diff := cmp.Diff(map[api.Verdict]uint64{api.OK: 1, api.InternalError: 1}, totals.Verdicts); diff != "" || totals.Answered != 3 {
		t.Errorf("termination message %+v, want 3 answered, verdicts (-want +got):\n%s", totals, diff)
	}
}

// TestSecondSignalCutsWaitForClients sends the second signal when only a client that does not read
// is left. Every submission has its outcome, so the exit code is 0.
func TestSecondSignalCutsWaitForClients(t *testing.T) {
	t.Parallel()
	file := terminationFile(t)
	r := startExecutor(t, func(s *testSettings) {
		largeAnswers(&s.Options)
		s.Options.TerminationMessage = file
	})
	defer neverReads(t, r).Close()
	r.signal(syscall.SIGTERM)
	r.eventually(func() int { return strings.Count(r.logged(), "every submission has its outcome") }, 1)

	begun := time.Now()
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took < settings.AbortWriteTime || took > settings.WriteTime/2 {
		t.Errorf("the executor ended %s after the second signal, want about %s", took, settings.AbortWriteTime)
	}
	if totals := terminationTotals(t, file); totals.Verdicts[api.OK] != 1 {
		t.Errorf("termination message %+v, want one submission with verdict OK", totals)
	}
}

// TestDrainWithoutEndKeepsItsBudget drains an executor whose workers cannot be killed, as processes
// in an uninterruptible system call.
func TestDrainWithoutEndKeepsItsBudget(t *testing.T) {
	for name, tc := range map[string]struct {
		signals int
		want    error
		took    func(settings.Drain) time.Duration
	}{
		"budget used up": {0, ErrNotDrained, func(d settings.Drain) time.Duration { return d.Delay + d.Outcomes() + settings.AbortTime }},
		"second signal":  {1, ErrForced, func(settings.Drain) time.Duration { return settings.AbortTime }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := Options{DrainDelay: 5 * time.Second, QueueWait: 30 * time.Second, Timeout: time.Minute}
				log := slog.New(slog.DiscardHandler)
				q := job.NewQueue(1, queue.RealClock{})
				s, err := supervisor.New(supervisor.Config{Workers: 1, Threads: 1, Scratch: t.TempDir(), Queue: q, Log: log})
				if err != nil {
					t.Fatal(err)
				}
				e := &executor{options: o, queue: q, supervisor: s, log: log,
					server: server.New(server.Config{Queue: q, Slots: s, Metrics: server.NewMetrics(), Clock: queue.RealClock{}, Log: log})}
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				signals := make(chan os.Signal, 1)
				for range tc.signals {
					signals <- syscall.SIGTERM
				}
				aborted := false
				begun := time.Now()
				err = e.drain(listener, signals, make(chan struct{}), func() { aborted = true })
				took, want := time.Since(begun), tc.took(o.drainBudget())
				if !errors.Is(err, tc.want) || took != want || !aborted {
					t.Errorf("got %v after %s, aborted %t; want %v after %s", err, took, aborted, tc.want, want)
				}
				if total := took + settings.AbortWriteTime; total > o.drainBudget().Total()-o.drainBudget().PreStop {
					t.Errorf("the executor ends %s after SIGTERM, and the kubelet kills it earlier", total)
				}
			})
		})
	}
}
