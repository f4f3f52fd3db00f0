package sampling

import (
	"cmp"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/autoscale"
)

const (
	// slow is how often pods are asked that are not ready, or do not answer.
	slow = 5 * time.Second
	// settleStep and settleLimit are how often the replicas of a pool in which a queue begins are asked, and for how long at
	// most, until the numbers stand: a burst takes some 100 ms to arrive, and half of a burst would be half of the step.
	settleStep  = 100 * time.Millisecond
	settleLimit = 500 * time.Millisecond
	// settled is by how much they may still grow from one round to the next.
	settled = 1.05
	// calmAfter is how long nothing must wait for a pool to be calm again.
	calmAfter = 5 * time.Second
)

// followed is a pool whose pods are asked. The pods of a calm pool are asked in turn, spread over the interval, so that the
// first sign of a queue is seen early; from then on all are asked at the same time, so that the numbers fit together.
type followed struct {
	key     types.NamespacedName
	pool    Pool
	targets map[string]*target
	order   []*target // ready ones by name
	ledger  ledger
	source  asked
	// arrived is the highest that was seen with a source.
	arrived float64

	// next is when something is due at the earliest; zero when that is to be looked for.
	next time.Time
	// observed is when the last round was complete.
	observed time.Time
	changed  bool
	// urgent asks for the loop to run at once.
	urgent bool

	// bunched says that the replicas are asked at the same time.
	bunched bool
	// pressed is when the queue was first seen that is there now, waited when one was last seen.
	pressed, waited time.Time
	// settling is when the numbers of a queue that begins count as they are; zero when that is over.
	settling time.Time
	before   float64 // what was waiting and running a round ago

	waiters []waiter
}

// waiter waits for every pod to have been asked since a time.
type waiter struct {
	since time.Time
	done  chan struct{}
}

func newFollowed(key types.NamespacedName, now time.Time) *followed {
	return &followed{key: key, targets: map[string]*target{}, observed: now}
}

// follow takes in what the pool is now and says whether a pod is due at once.
func (f *followed) follow(pool Pool, now time.Time) (due bool) {
	f.next = time.Time{}
	if pool.Source != nil && (f.pool.Source == nil || !f.pool.Source.Same(pool.Source)) {
		f.source, due = asked{asking: f.source.asking}, true
	}
	sooner := pool.Interval < f.pool.Interval
	f.pool = pool
	here := make(map[string]*target, len(pool.Targets))
	for _, to := range pool.Targets {
		t := f.targets[to.Name]
		if t == nil || t.Target != to {
			t, due = &target{Target: to, due: now}, true
			f.bunched = true
		}
		if sooner {
			t.due = earlier(t.due, now.Add(pool.Interval))
		}
		here[to.Name] = t
	}
	f.targets = here
	f.pool.Targets = nil
	f.sort()
	return due || sooner
}

func (f *followed) sort() {
	f.order = f.order[:0]
	ready := map[types.UID]bool{}
	for _, t := range f.targets {
		if t.Ready {
			f.order = append(f.order, t)
			ready[t.UID] = true
		}
	}
	slices.SortFunc(f.order, func(a, b *target) int { return cmp.Compare(a.Name, b.Name) })
	f.ledger.keep(ready)
}

// took takes in what a pod answered. When that completes a round, it gives what is known now.
func (f *followed) took(t *target, report Report, now time.Time) (reading Reading, complete bool) {
	f.next = time.Time{}
	if f.targets[t.Name] != t {
		return Reading{}, false
	}
	first := !t.asked
	if t.took(report, now) {
		f.changed = true
	}
	t.due = t.next(f.beat(), now)
	if first && f.pressed.IsZero() {
		f.spread(now)
	}
	if t.Ready && t.report.Err == nil {
		f.ledger.saw(t.UID, t.good)
		f.watch(t.good.Queued > 0, now)
	}
	f.answerWaiters()
	for _, other := range f.order {
		if !other.seen {
			return Reading{}, false
		}
	}
	if !t.Ready && !f.changed {
		return Reading{}, false
	}
	if !f.settling.IsZero() && f.unsettled(now) {
		return Reading{}, false
	}
	if f.bunched && f.pressed.IsZero() {
		f.bunched = false
		f.spread(now)
	}
	return f.read(now), true
}

// watch looks for the first sign of a queue, and for its end.
func (f *followed) watch(waits bool, now time.Time) {
	if waits {
		f.waited = now
		if f.pressed.IsZero() {
			f.press(now)
		}
		return
	}
	if !f.pressed.IsZero() && f.settling.IsZero() && now.Sub(f.waited) > calmAfter {
		f.pressed = time.Time{}
	}
}

func (f *followed) press(now time.Time) {
	f.pressed, f.bunched = now, true
	if !f.pool.Alert {
		return
	}
	f.settling, f.before = now.Add(settleLimit), 0
	f.again(now)
}

// again has every replica asked at a time.
func (f *followed) again(at time.Time) {
	for _, t := range f.order {
		t.due, t.seen = at, false
	}
	f.urgent = true
}

// unsettled says whether the numbers still grow; then it asks once more.
func (f *followed) unsettled(now time.Time) bool {
	s := f.sample(now)
	total := s.Waiting + s.Busy
	if !now.Before(f.settling) || (f.before > 0 && total <= f.before*settled) {
		f.settling = time.Time{}
		return false
	}
	f.before = total
	f.again(now.Add(settleStep))
	return true
}

// overdue says that the pool should have been told about, though not every pod has answered.
func (f *followed) overdue(now time.Time) bool { return now.After(f.overdueAt()) }

func (f *followed) overdueAt() time.Time {
	if !f.settling.IsZero() {
		return f.settling.Add(settleStep)
	}
	return f.observed.Add(2 * f.pool.Interval)
}

// read ends a round.
func (f *followed) read(now time.Time) Reading {
	reading := f.reading(now)
	reading.Changed = f.changed
	f.changed, f.observed, f.settling = false, now, time.Time{}
	for _, t := range f.order {
		t.seen = false
	}
	return reading
}

func (f *followed) reading(now time.Time) Reading {
	reading := Reading{Sample: f.sample(now), Pressed: f.pressed}
	for _, t := range f.order {
		if t.fresh(now, f.grace()) {
			reading.Oldest = max(reading.Oldest, time.Duration(t.good.OldestMillis)*time.Millisecond)
		}
	}
	return reading
}

// beat is how often a replica is asked: twice as often while there is a queue, which may grow.
func (f *followed) beat() time.Duration {
	if f.pool.Alert && !f.pressed.IsZero() {
		return f.pool.Interval / 2
	}
	return f.pool.Interval
}

// grace is how long the last good answer of a pod stands in for one that does not come.
func (f *followed) grace() time.Duration { return 2*f.pool.Interval + Timeout }

// spread has the replicas asked in turn. None is asked later than it would have been, or a pool to which pods come one by
// one would not be looked at.
func (f *followed) spread(now time.Time) {
	step := f.pool.Interval / time.Duration(max(1, len(f.order)))
	for i, t := range f.order {
		if t.asked && t.failures == 0 {
			t.due = earlier(t.due, now.Add(step*time.Duration(i+1)))
		}
	}
}

// sample adds up what the replicas said. One that was not asked yet is no part of it: it has only just become ready.
func (f *followed) sample(now time.Time) autoscale.Sample {
	s := autoscale.Sample{Counters: f.ledger.total}
	s.Counters.Known = true
	for _, t := range f.order {
		if !t.asked {
			continue
		}
		s.Asked++
		if t.goodAt.After(s.Time) {
			s.Time = t.goodAt
		}
		if !t.fresh(now, f.grace()) {
			continue
		}
		s.Answered++
		s.Waiting += float64(t.good.Queued)
		s.Busy += float64(t.good.Busy)
		s.Slots += float64(t.good.Slots)
		s.QueueCapacity += float64(t.good.QueueCapacity)
		if t.good.UptimeMillis == 0 {
			s.Counters.Known = false
		}
	}
	if len(f.order) == 0 {
		s.Time = now
	}
	if f.pool.Source != nil {
		f.elsewhere(&s, now)
	}
	return s
}

// elsewhere puts into a sample what waits according to the source. What has arrived then follows from what is there and
// what has left: a submission that goes from a queue elsewhere to a replica does not arrive twice.
func (f *followed) elsewhere(s *autoscale.Sample, now time.Time) {
	waiting, problem := f.source.waiting(s.Waiting, now)
	switch {
	case !f.source.tried:
		s.Time = time.Time{}
	case problem != "":
		s.Failure = problem
	case !(waiting >= 0 && waiting < s.Waiting):
		// The replicas' queues have no room for what waits elsewhere. NaN and negative numbers are handed on as they are.
		s.Waiting, s.QueueCapacity = waiting, 0
	}
	if arrived := s.Waiting + s.Busy + s.Counters.Finished + s.Counters.Gone; arrived > f.arrived && !math.IsInf(arrived, 1) {
		f.arrived = arrived
	}
	s.Counters.Arrived = f.arrived
}

// refresh has every pod asked at once. The channel closes when all have been.
func (f *followed) refresh(now time.Time) <-chan struct{} {
	f.next = time.Time{}
	done := make(chan struct{})
	for _, t := range f.targets {
		t.due = now
	}
	f.waiters = append(f.waiters, waiter{since: now, done: done})
	f.answerWaiters()
	return done
}

func (f *followed) answerWaiters() {
	f.waiters = slices.DeleteFunc(f.waiters, func(w waiter) bool {
		for _, t := range f.targets {
			if !t.asked || t.answered.Before(w.since) {
				return false
			}
		}
		close(w.done)
		return true
	})
}
