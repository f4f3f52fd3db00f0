package scaling

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
)

// maxWakePending is the highest number of pools that wait for a reconcile.
const maxWakePending = 4096

// Decider decides after each sample of a pool, and wakes the reconciler if the decision differs
// from the last applied one, or if the budget allows a write of the pool's counters. It is safe for
// concurrent use.
type Decider struct {
	clock  clock.PassiveClock
	budget *WriteBudget
	woken  chan event.GenericEvent

	mu    sync.Mutex
	pools map[types.NamespacedName]*deciderState
}

// deciderState is the state of one pool between two decisions.
type deciderState struct {
	// known reports whether policy and fleet are set.
	known     bool
	policy    autoscale.Policy
	fleet     autoscale.Fleet
	reading   sampling.Reading
	state     autoscale.State
	debouncer Debouncer

	lastApplied LastApplied
	// wakePending reports whether the reconciler was woken and has not decided since.
	wakePending bool
}

// LastApplied is the part of a decision that the reconciler applies.
type LastApplied struct {
	Replicas int32
	Scaling  status.Scaling
}

// NewDecider returns a decider without pools.
func NewDecider(c clock.PassiveClock, budget *WriteBudget) *Decider {
	return &Decider{
		clock: c, budget: budget, woken: make(chan event.GenericEvent, maxWakePending),
		pools: map[types.NamespacedName]*deciderState{},
	}
}

// Woken returns the channel of pools to reconcile.
func (d *Decider) Woken() <-chan event.GenericEvent { return d.woken }

// Observe adds a reading, decides, and wakes the reconciler if something has to be written. Before
// the first Decide for the pool it does nothing.
func (d *Decider) Observe(pool types.NamespacedName, reading sampling.Reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.pools[pool]
	if s == nil || !s.known {
		return
	}
	s.add(pool, reading)
	now := d.clock.Now()
	decision, scaling := d.decide(pool, s, now)
	if s.wakePending {
		return
	}
	differs := reading.Changed || decision.Replicas != s.lastApplied.Replicas || scaling != s.lastApplied.Scaling
	if differs || d.budget.Grant(pool, CountersOf(s.reading), now) {
		d.wake(pool, s)
	}
}

func (d *Decider) wake(pool types.NamespacedName, s *deciderState) {
	named := metav1.ObjectMeta{Namespace: pool.Namespace, Name: pool.Name}
	select {
	case d.woken <- event.GenericEvent{Object: &v1alpha1.ExecutorPool{ObjectMeta: named}}:
		s.wakePending = true
	default:
		// The next reading of the pool tries again.
	}
}

// Read adds a reading that the reconciler asked for. The pool may be new.
func (d *Decider) Read(pool types.NamespacedName, reading sampling.Reading) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of(pool).add(pool, reading)
}

// add stores the reading and publishes its metrics, unless the stored reading is newer.
func (s *deciderState) add(pool types.NamespacedName, reading sampling.Reading) {
	if reading.Sample.Time.Before(s.reading.Sample.Time) {
		return
	}
	s.reading = reading
	metrics.PublishSample(pool, reading.Sample.Time, reading.Sample.Busy, reading.Sample.Waiting, reading.Oldest)
}

// Decide decides with the given policy and fleet, which later readings use too. The pool may be
// new.
func (d *Decider) Decide(pool types.NamespacedName, policy autoscale.Policy, fleet autoscale.Fleet) (autoscale.Decision, status.Scaling) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.of(pool)
	s.wakePending, s.known = false, true
	s.policy, s.fleet = policy, fleet
	return d.decide(pool, s, d.clock.Now())
}

func (d *Decider) decide(pool types.NamespacedName, s *deciderState, now time.Time) (autoscale.Decision, status.Scaling) {
	decision := autoscale.Decide(autoscale.Input{Now: now, Policy: s.policy, Fleet: s.fleet, Sample: s.reading.Sample, State: s.state})
	metrics.DecisionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(d.clock.Since(now).Seconds())
	s.state = decision.State
	if s.policy.Ceiling == 0 {
		s.debouncer = Debouncer{}
		return decision, status.Scaling{}
	}
	return decision, s.debouncer.Debounce(decision, s.reading.Sample.Failure, now)
}

// SetLastApplied records what the reconciler applied.
func (d *Decider) SetLastApplied(pool types.NamespacedName, applied LastApplied) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.pools[pool]; s != nil {
		s.lastApplied = applied
	}
}

// LastSpecReplicas returns spec.replicas at the last decision. ok is false when there was none.
func (d *Decider) LastSpecReplicas(pool types.NamespacedName) (replicas int32, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.pools[pool]; s != nil && s.known {
		return s.policy.Replicas, true
	}
	return 0, false
}

// Pressed returns when the present queue of the pool was first seen; zero without a queue.
func (d *Decider) Pressed(pool types.NamespacedName) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.pools[pool]; s != nil {
		return s.reading.Pressed
	}
	return time.Time{}
}

// Forget drops the state of a pool.
func (d *Decider) Forget(pool types.NamespacedName) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pools, pool)
}

func (d *Decider) of(pool types.NamespacedName) *deciderState {
	s := d.pools[pool]
	if s == nil {
		s = &deciderState{}
		d.pools[pool] = s
	}
	return s
}
