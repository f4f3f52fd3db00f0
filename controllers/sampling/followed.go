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
	// slowInterval is the interval for pods that are not ready or do not answer.
	slowInterval = 5 * time.Second
	// A burst takes about 100 ms to arrive, and the numbers of half a burst ask for half of the
	// replicas. When a queue begins, the replicas of a pool are asked every settleStep until the
	// numbers settle, for at most settleLimit.
	settleStep  = 100 * time.Millisecond
	settleLimit = 500 * time.Millisecond
	// settled is the factor by which settled numbers may grow from one round to the next.
	settled = 1.05
	// calmAfter is the time without a queue after which a pool is calm.
	calmAfter = 5 * time.Second
)

// followed is a pool whose pods are asked. The pods of a calm pool are asked in turn, spread over
// the interval, so that the first sign of a queue is seen early. Once there is a queue all are
// asked at the same time, so that their numbers are of one moment.
type followed struct {
	key      types.NamespacedName
	pool     Pool
	targets  map[string]*target
	order    []*target // ready targets by name
	counters counterSums
	source   asked
	// arrived is the highest number of arrivals that was computed from a source.
	arrived float64

	// next is the earliest time at which something is due; zero when it is not known.
	next time.Time
	// observed is the time at which the last round was complete.
	observed time.Time
	changed  bool
	// urgent asks for the loop to run at once.
	urgent bool

	// together reports whether the replicas are asked at the same time.
	together bool
	// queueSince is when the current queue was first seen, queueSeen when a queue was last seen.
	queueSince, queueSeen time.Time
	// settling is the time at which the numbers of a queue that begins count, settled or not; zero
	// when they have settled.
	settling time.Time
	before   float64 // waiting and busy in the round before

	waiters []waiter
}

// waiter waits until every pod was asked after a time.
type waiter struct {
	since time.Time
	done  chan struct{}
}

func newFollowed(key types.NamespacedName, now time.Time) *followed {
	return &followed{key: key, targets: map[string]*target{}, observed: now}
}

// follow replaces the pods and the settings of the pool, and reports whether a pod is due at once.
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
			f.together = true
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
	f.counters.keep(ready)
}

// record stores the answer of a pod. A round is complete when every ready pod has answered since
// the last reading, and when the numbers of a queue that begins no longer grow. If the answer
// completes a round, record returns the reading of the round.
func (f *followed) record(t *target, answer Answer, now time.Time) (reading Reading, complete bool) {
	f.next = time.Time{}
	if f.targets[t.Name] != t {
		return Reading{}, false
	}
	first := !t.asked
	if t.record(answer, now) {
		f.changed = true
	}
	t.due = t.next(f.interval(), now)
	if first && f.queueSince.IsZero() {
		f.spread(now)
	}
	if t.Ready && t.answer.Err == nil {
		f.counters.record(t.UID, t.trusted)
		f.observeQueue(t.trusted.Queued > 0, now)
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
	if !f.settling.IsZero() && f.grows(now) {
		return Reading{}, false
	}
	if f.together && f.queueSince.IsZero() {
		f.together = false
		f.spread(now)
	}
	return f.read(now), true
}

// observeQueue looks for the first sign of a queue, and for its end.
func (f *followed) observeQueue(waits bool, now time.Time) {
	if waits {
		f.queueSeen = now
		if f.queueSince.IsZero() {
			f.queueBegan(now)
		}
		return
	}
	if !f.queueSince.IsZero() && f.settling.IsZero() && now.Sub(f.queueSeen) > calmAfter {
		f.queueSince = time.Time{}
	}
}

func (f *followed) queueBegan(now time.Time) {
	f.queueSince, f.together = now, true
	if !f.pool.Alert {
		return
	}
	f.settling, f.before = now.Add(settleLimit), 0
	f.askAllAt(now)
}

// askAllAt makes every replica due at a time.
func (f *followed) askAllAt(at time.Time) {
	for _, t := range f.order {
		t.due, t.seen = at, false
	}
	f.urgent = true
}

// grows reports whether the numbers still grow, and asks the replicas once more if they do.
func (f *followed) grows(now time.Time) bool {
	s := f.sample(now)
	total := s.Waiting + s.Busy
	if !now.Before(f.settling) || (f.before > 0 && total <= f.before*settled) {
		f.settling = time.Time{}
		return false
	}
	f.before = total
	f.askAllAt(now.Add(settleStep))
	return true
}

// overdue reports whether a reading is due although not every pod has answered.
func (f *followed) overdue(now time.Time) bool { return now.After(f.overdueAt()) }

func (f *followed) overdueAt() time.Time {
	if !f.settling.IsZero() {
		return f.settling.Add(settleStep)
	}
	return f.observed.Add(2 * f.pool.Interval)
}

// read ends a round and returns its reading.
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
	reading := Reading{Sample: f.sample(now), Pressed: f.queueSince}
	for _, t := range f.order {
		if t.fresh(now, f.grace()) {
			reading.Oldest = max(reading.Oldest, time.Duration(t.trusted.OldestMillis)*time.Millisecond)
		}
	}
	return reading
}

// interval is the time between two questions to a replica: half of the pool's while there is a
// queue, which may grow.
func (f *followed) interval() time.Duration {
	if f.pool.Alert && !f.queueSince.IsZero() {
		return f.pool.Interval / 2
	}
	return f.pool.Interval
}

// grace is the time for which the last trusted answer of a pod stands in for a missing one.
func (f *followed) grace() time.Duration { return 2*f.pool.Interval + Timeout }

// spread makes the replicas due in turn. It never makes one due later than before: where pods join
// one by one, the pool would not be asked at all.
func (f *followed) spread(now time.Time) {
	step := f.pool.Interval / time.Duration(max(1, len(f.order)))
	for i, t := range f.order {
		if t.asked && t.failures == 0 {
			t.due = earlier(t.due, now.Add(step*time.Duration(i+1)))
		}
	}
}

// sample returns the sum of the replicas' answers. A replica that was not asked yet has only just
// become ready and is left out.
func (f *followed) sample(now time.Time) autoscale.Sample {
	s := autoscale.Sample{Counters: f.counters.total}
	s.Counters.Known = true
	for _, t := range f.order {
		if !t.asked {
			continue
		}
		s.Asked++
		if t.trustedAt.After(s.Time) {
			s.Time = t.trustedAt
		}
		if !t.fresh(now, f.grace()) {
			continue
		}
		s.Answered++
		s.Waiting += float64(t.trusted.Queued)
		s.Busy += float64(t.trusted.Busy)
		s.Slots += float64(t.trusted.Slots)
		s.QueueCapacity += float64(t.trusted.QueueCapacity)
		if t.trusted.UptimeMillis == 0 {
			s.Counters.Known = false
		}
	}
	if len(f.order) == 0 {
		s.Time = now
	}
	if f.pool.Source != nil {
		f.addSource(&s, now)
	}
	return s
}

// addSource adds the submissions that wait according to the source. The arrivals are computed from
// what is there and what has left, so that a submission that moves from a queue elsewhere to a
// replica does not arrive twice.
func (f *followed) addSource(s *autoscale.Sample, now time.Time) {
	waiting, problem := f.source.waiting(s.Waiting, now)
	switch {
	case !f.source.tried:
		s.Time = time.Time{}
	case problem != "":
		s.Failure = problem
	case !(waiting >= 0 && waiting < s.Waiting):
		// The replicas' queues have no capacity for what waits elsewhere. NaN and negative numbers
		// are passed on: the autoscaler distrusts them.
		s.Waiting, s.QueueCapacity = waiting, 0
	}
	if arrived := s.Waiting + s.Busy + s.Counters.Finished + s.Counters.Gone; arrived > f.arrived && !math.IsInf(arrived, 1) {
		f.arrived = arrived
	}
	s.Counters.Arrived = f.arrived
}

// refresh makes every pod due at once. The channel is closed when all were asked.
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
