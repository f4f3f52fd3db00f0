package admission

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
)

const (
	capacity = 2
	slots    = 2
	maxWait  = 10 * time.Second
)

// fixture is a controller whose slots a test plays. The tests run in bubbles of testing/synctest,
// where the real clock is virtual time.
type fixture struct {
	*Controller
	t     *testing.T
	queue *queue.Queue[*job.Job]
}

func bubble(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := job.NewQueue(capacity, queue.RealClock{})
		test(t, &fixture{t: t, queue: q, Controller: New(Config{
			Queue: q, Slots: func() int { return slots }, MaxWait: maxWait, Clock: queue.RealClock{},
		})})
	})
}

// submit admits a job and returns its context's cancel.
func (f *fixture) submit(o Options) (Accepted, *Rejection, context.CancelFunc) {
	ctx, cancel := context.WithCancel(f.t.Context())
	accepted, rejection := f.Admit(job.New(ctx, "id", &api.Request{}), o)
	return accepted, rejection, cancel
}

// wait calls Wait in a goroutine and returns the outcome's channel.
func wait(a Accepted) <-chan job.Outcome {
	outcome := make(chan job.Outcome, 1)
	go func() { outcome <- a.Wait() }()
	return outcome
}

// freeSlot starts a slot that answers one job with the verdict after serviceTime.
func (f *fixture) freeSlot(serviceTime time.Duration, verdict api.Verdict) {
	go func() {
		taken, err := f.queue.Pop(f.t.Context())
		if err != nil {
			f.t.Error(err)
			return
		}
		time.Sleep(serviceTime)
		taken.Value.Answer(job.Outcome{
			Disposition: job.Ran, Result: api.Result{Verdict: verdict}, Held: serviceTime, Waited: taken.Waited,
		})
	}()
	synctest.Wait()
}

// measure gives the estimator enough samples of the service time.
func (f *fixture) measure(serviceTime time.Duration) {
	for range MinSamples {
		f.Estimator().Observe(serviceTime)
	}
}

func (f *fixture) fill(n int) {
	for range n {
		if _, rejection, _ := f.submit(Options{}); rejection != nil {
			f.t.Fatalf("rejected: %v", rejection.Problem)
		}
	}
}

func oneFreeSlot(f *fixture) { f.freeSlot(time.Hour, api.OK) }

// backlog returns a preparation that queues n jobs and then, unless it is 0, measures the service
// time.
func backlog(n int, serviceTime time.Duration) func(*fixture) {
	return func(f *fixture) {
		f.fill(n)
		if serviceTime > 0 {
			f.measure(serviceTime)
		}
	}
}

var admitCases = map[string]struct {
	prepare    func(f *fixture)
	options    Options
	reason     string // of the rejection; empty: accepted
	retryAfter time.Duration
	depth      int
}{
	"empty queue":        {depth: 1},
	"free slot":          {prepare: oneFreeSlot},
	"free slot, no wait": {prepare: oneFreeSlot, options: Options{NoWait: true}},
	"no slot, no wait":   {options: Options{NoWait: true}, reason: api.ReasonNoFreeSlot, retryAfter: time.Second},
	"last place":         {prepare: backlog(1, 0), depth: 2},
	"full":               {prepare: backlog(capacity, 0), reason: api.ReasonQueueFull, depth: capacity},
	"full, measured": {
		prepare: backlog(capacity, 4*time.Second),
		reason:  api.ReasonQueueFull, retryAfter: 2 * time.Second, depth: capacity,
	},
	"slow, one queued": {prepare: backlog(1, time.Hour), depth: 2},
	"slow, as many as slots": {
		prepare: backlog(2, 24*time.Second),
		reason:  api.ReasonDeadline, retryAfter: 2 * time.Second, depth: 2,
	},
	"slow, canary": {
		prepare: backlog(2, 24*time.Second), options: Options{Canary: true},
		reason: api.ReasonDeadline, retryAfter: 2 * time.Second, depth: 2,
	},
	"slow, no wait": {
		prepare: backlog(2, 24*time.Second), options: Options{NoWait: true},
		reason: api.ReasonNoFreeSlot, retryAfter: time.Second, depth: 2,
	},
	"slow, others expire": {prepare: func(f *fixture) { f.fill(2); time.Sleep(maxWait); f.measure(24 * time.Second) }, depth: 1},
	"closed": {
		prepare: func(f *fixture) { f.queue.Close() },
		reason:  api.ReasonDraining, retryAfter: time.Second,
	},
	"closed, no wait": {
		prepare: func(f *fixture) { f.queue.Close() }, options: Options{NoWait: true},
		reason: api.ReasonDraining, retryAfter: time.Second,
	},
	"closed takes precedence": {
		prepare: func(f *fixture) { f.fill(capacity); f.queue.Close() },
		reason:  api.ReasonDraining, retryAfter: time.Second, depth: capacity,
	},
}

func TestAdmit(t *testing.T) {
	for name, tc := range admitCases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				if tc.prepare != nil {
					tc.prepare(f)
				}
				synctest.Wait()
				before := f.Counters().Read().Accepted
				_, rejection, _ := f.submit(tc.options)
				synctest.Wait()
				var reason string
				var retryAfter time.Duration
				if rejection != nil {
					reason, retryAfter = rejection.Problem.Reason, rejection.RetryAfter
				}
				if reason != tc.reason || retryAfter != tc.retryAfter {
					t.Errorf("rejected with reason %q and Retry-After %s, want %q and %s", reason, retryAfter, tc.reason, tc.retryAfter)
				}
				if got := f.queue.Depth(); got != tc.depth {
					t.Errorf("the queue depth is %d, want %d", got, tc.depth)
				}
				if got := f.Counters().Read().Accepted - before; (got == 1) != (tc.reason == "") || got > 1 {
					t.Errorf("%d counted as accepted", got)
				}
				time.Sleep(2 * time.Hour) // every goroutine of the bubble ends
			})
		})
	}
}

var waitCases = map[string]struct {
	canary  bool
	act     func(f *fixture, cancel context.CancelFunc)
	want    job.Outcome
	reason  string // of the rejection that answers the outcome
	counts  Counts
	totals  api.Totals
	samples int
	took    time.Duration
}{
	"runs after a wait": {
		act: func(f *fixture, _ context.CancelFunc) {
			time.Sleep(2 * time.Second)
			f.freeSlot(3*time.Second, api.TimeLimit)
		},
		want:   job.Outcome{Disposition: job.Ran, Result: api.Result{Verdict: api.TimeLimit}, Held: 3 * time.Second, Waited: 2 * time.Second},
		counts: Counts{Accepted: 1, Answered: 1, Finished: 1, ServedMillis: 3000},
		totals: api.Totals{Accepted: 1, Answered: 1, ServedMillis: 3000,
			Verdicts: map[api.Verdict]uint64{api.TimeLimit: 1}, Waits: [][2]uint64{{uint64(api.WaitBucket(2 * time.Second)), 1}},
		},
		samples: 1, took: 5 * time.Second,
	},
	"a canary runs": {
		canary: true, act: func(f *fixture, _ context.CancelFunc) { f.freeSlot(time.Second, api.OK) },
		want:   job.Outcome{Disposition: job.Ran, Result: api.Result{Verdict: api.OK}, Held: time.Second},
		counts: Counts{Accepted: 1, Answered: 1, Finished: 1, ServedMillis: 1000}, samples: 1, took: time.Second,
	},
	"expires": {
		act:    func(*fixture, context.CancelFunc) {},
		want:   job.Outcome{Disposition: job.Expired},
		reason: api.ReasonQueueTimeout, counts: Counts{Accepted: 1, Answered: 1},
		totals: api.Totals{Accepted: 1, Answered: 1}, took: maxWait,
	},
	"the client leaves the queue": {
		act:    func(_ *fixture, cancel context.CancelFunc) { time.Sleep(time.Second); cancel() },
		want:   job.Outcome{Disposition: job.Abandoned},
		counts: Counts{Accepted: 1, Answered: 1},
		totals: api.Totals{Accepted: 1, Answered: 1, Rejections: map[string]uint64{api.ReasonClientGone: 1}}, took: time.Second,
	},
	"the client leaves a slot": {
		act: func(f *fixture, cancel context.CancelFunc) {
			f.freeSlot(3*time.Second, api.OK)
			cancel()
		},
		want:   job.Outcome{Disposition: job.Ran, Result: api.Result{Verdict: api.OK}, Held: 3 * time.Second},
		counts: Counts{Accepted: 1, Answered: 1, Finished: 1, ServedMillis: 3000},
		totals: api.Totals{Accepted: 1, Answered: 1, ServedMillis: 3000,
			Verdicts: map[api.Verdict]uint64{api.OK: 1}, Waits: [][2]uint64{{0, 1}},
		}, samples: 1, took: 3 * time.Second,
	},
	"the executor stops at once": {
		act: func(f *fixture, _ context.CancelFunc) {
			for _, j := range f.queue.Clear() {
				j.Answer(job.Outcome{Disposition: job.Dropped})
			}
		},
		want:   job.Outcome{Disposition: job.Dropped},
		reason: api.ReasonDraining, counts: Counts{Accepted: 1, Answered: 1},
		totals: api.Totals{Accepted: 1, Answered: 1},
	},
}

func TestWait(t *testing.T) {
	for name, tc := range waitCases {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				begun := time.Now()
				accepted, rejection, cancel := f.submit(Options{Canary: tc.canary})
				if rejection != nil {
					t.Fatalf("rejected: %v", rejection.Problem)
				}
				outcome := wait(accepted)
				tc.act(f, cancel)
				got := <-outcome
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				if took := time.Since(begun); took != tc.took {
					t.Errorf("it took %s, want %s", took, tc.took)
				}
				if diff := cmp.Diff(tc.counts, f.Counters().Read()); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
				checkTotals(t, f, tc.totals)
				if f.estimator.n != tc.samples {
					t.Errorf("the estimator has %d samples, want %d", f.estimator.n, tc.samples)
				}
				var reason string
				if r := f.Rejected(got); r != nil {
					reason = r.Problem.Reason
				}
				if reason != tc.reason {
					t.Errorf("the outcome is answered with the reason %q, want %q", reason, tc.reason)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}

func checkTotals(t *testing.T, f *fixture, want api.Totals) {
	t.Helper()
	got := f.Totals().Document(0)
	got.DeepestQueue = 0 // see TestTotalsDeepestQueue
	if want.Verdicts == nil {
		want.Verdicts = map[api.Verdict]uint64{}
	}
	if want.Rejections == nil {
		want.Rejections = map[string]uint64{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}
