package scaling

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
)

const (
	// countersInterval is the shortest time between two writes of a status only because of its
	// counters: busy slots and queue depth.
	countersInterval = 5 * time.Second
	// countersRate is the highest number of such writes per second for all pools. The requests of
	// the manager are limited, by default to 50 per second, and writes that scale pools must not
	// wait. With more pools at work the counters in their statuses are older. The metrics are
	// current at each sample.
	countersRate = 15
	// maxWakePending is the highest number of pools that wait for a reconcile.
	maxWakePending = 4096
)

// Scaler decides after each sample of a pool, and wakes the reconciler if the decision differs from
// the last applied one.
type Scaler struct {
	clock    clock.PassiveClock
	woken    chan event.GenericEvent
	counters *rate.Limiter

	mu    sync.Mutex
	pools map[types.NamespacedName]*poolState
}

type poolState struct {
	// known reports whether policy and fleet are set.
	known     bool
	policy    autoscale.Policy
	fleet     autoscale.Fleet
	reading   sampling.Reading
	state     autoscale.State
	Debouncer Debouncer

	// lastApplied is what the reconciler applied at lastAppliedAt. wakePending reports whether the
	// reconciler was woken and has not decided since.
	lastApplied   LastApplied
	lastAppliedAt time.Time
	wakePending   bool
	// mayWriteCounters reports whether the pool has a write of its counters left from the budget.
	mayWriteCounters bool
	// expectation is the last write of the Deployment until the cache shows it; nil when there is
	// none.
	expectation *expectation
	starts      pods.StartTimes
	// measuredPressed is the begin of the queue whose reaction time was measured last.
	measuredPressed time.Time
}

// LastApplied is the part of a decision and of a sample that the status shows.
type LastApplied struct {
	Replicas int32
	Scaling  status.Scaling
	Counters [2]float64
}

// expectation is a write to a Deployment that was of the given generation before.
type expectation struct {
	uid        types.UID
	generation int64
	replicas   int32
}

// New returns a scaler without pools.
func New(c clock.PassiveClock) *Scaler {
	return &Scaler{
		clock: c, woken: make(chan event.GenericEvent, maxWakePending), counters: rate.NewLimiter(countersRate, countersRate),
		pools: map[types.NamespacedName]*poolState{},
	}
}

// Woken returns the channel of pools to reconcile.
func (s *Scaler) Woken() <-chan event.GenericEvent { return s.woken }

// Observe adds a sample, decides, and wakes the reconciler if the result or the counters need a
// write.
func (s *Scaler) Observe(pool types.NamespacedName, reading sampling.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil || !p.known {
		return
	}
	p.update(pool, reading)
	d, scaling := s.decideLocked(pool, p)
	if reading.Changed || d.Replicas != p.lastApplied.Replicas || scaling != p.lastApplied.Scaling || s.countersDue(p) {
		s.wake(pool, p)
	}
}

// countersDue reports whether the counters of the pool should be written now. It takes a write from
// the budget.
func (s *Scaler) countersDue(p *poolState) bool {
	now := s.clock.Now()
	if p.wakePending || CountersOf(p.reading) == p.lastApplied.Counters || now.Sub(p.lastAppliedAt) < countersInterval || !s.counters.AllowN(now, 1) {
		return false
	}
	p.mayWriteCounters = true
	return true
}

// MayWriteCounters reports whether a status may be written only because of its counters. Otherwise
// they are written when the budget allows it.
func (s *Scaler) MayWriteCounters(pool types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		return true
	}
	if p.mayWriteCounters || s.counters.AllowN(s.clock.Now(), 1) {
		p.mayWriteCounters = false
		return true
	}
	p.lastApplied.Counters = [2]float64{math.NaN(), math.NaN()}
	return false
}

// Read adds a sample that the reconciler asked for. The pool may be new.
func (s *Scaler) Read(pool types.NamespacedName, reading sampling.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		p = &poolState{}
		s.pools[pool] = p
	}
	p.update(pool, reading)
}

func (p *poolState) update(pool types.NamespacedName, reading sampling.Reading) {
	if reading.Sample.Time.Before(p.reading.Sample.Time) {
		return
	}
	p.reading = reading
	metrics.PublishSample(pool, reading.Sample.Time, reading.Sample.Busy, reading.Sample.Waiting, reading.Oldest)
}

func (s *Scaler) wake(pool types.NamespacedName, p *poolState) {
	if p.wakePending {
		return
	}
	select {
	case s.woken <- event.GenericEvent{Object: &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: pool.Namespace, Name: pool.Name}}}:
		p.wakePending = true
	default:
		// The next sample of the pool tries again.
	}
}

// Decide decides with the current policy and fleet.
func (s *Scaler) Decide(pool types.NamespacedName, policy autoscale.Policy, fleet autoscale.Fleet) (autoscale.Decision, status.Scaling) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		p = &poolState{}
		s.pools[pool] = p
	}
	p.wakePending, p.known = false, true
	p.policy, p.fleet = policy, fleet
	return s.decideLocked(pool, p)
}

func (s *Scaler) decideLocked(pool types.NamespacedName, p *poolState) (autoscale.Decision, status.Scaling) {
	now := s.clock.Now()
	d := autoscale.Decide(autoscale.Input{Now: now, Policy: p.policy, Fleet: p.fleet, Sample: p.reading.Sample, State: p.state})
	metrics.DecisionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(s.clock.Since(now).Seconds())
	p.state = d.State
	if p.policy.Ceiling == 0 {
		p.Debouncer = Debouncer{}
		return d, status.Scaling{}
	}
	return d, p.Debouncer.of(d, p.reading.Sample.Failure, now)
}

// CountersOf returns the counters of a sample that the status shows: queue depth and busy slots.
func CountersOf(reading sampling.Reading) [2]float64 {
	return [2]float64{reading.Sample.Waiting, reading.Sample.Busy}
}

// SetLastApplied records what the reconciler applied.
func (s *Scaler) SetLastApplied(pool types.NamespacedName, applied LastApplied) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		p.lastApplied, p.lastAppliedAt = applied, s.clock.Now()
	}
}

// Expect records a write of replicas until the cache shows it. before is the Deployment before the
// write; nil when there was none. For a scale-up because of a queue it measures the reaction time.
func (s *Scaler) Expect(pool types.NamespacedName, before *appsv1.Deployment, replicas int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		return
	}
	p.expectation = &expectation{replicas: replicas}
	if before == nil {
		return
	}
	p.expectation.uid, p.expectation.generation = before.UID, before.Generation
	pressed := p.reading.Pressed
	if replicas > ptr.Deref(before.Spec.Replicas, 1) && !pressed.IsZero() && !pressed.Equal(p.measuredPressed) {
		p.measuredPressed = pressed
		metrics.ReactionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(s.clock.Since(pressed).Seconds())
	}
}

// CurrentReplicas returns the number of replicas of the Deployment. Writes of this process count
// before the cache shows them.
func (s *Scaler) CurrentReplicas(pool types.NamespacedName, d *appsv1.Deployment) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now expectation
	if d != nil {
		now = expectation{d.UID, d.Generation, ptr.Deref(d.Spec.Replicas, 1)}
	}
	p := s.pools[pool]
	if p == nil || p.expectation == nil {
		return now.replicas
	}
	if now.uid == p.expectation.uid && now.generation == p.expectation.generation {
		return p.expectation.replicas
	}
	p.expectation = nil
	return now.replicas
}

// LastSpecReplicas returns spec.replicas at the last decision. ok is false when there was none.
func (s *Scaler) LastSpecReplicas(pool types.NamespacedName) (replicas int32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil && p.known {
		return p.policy.Replicas, true
	}
	return 0, false
}

// ObservePodStarts measures the start times of pods that have become ready.
func (s *Scaler) ObservePodStarts(pool types.NamespacedName, all []corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		for _, took := range p.starts.Of(all) {
			metrics.PodStartSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(took.Seconds())
		}
	}
}

// Forget drops the state of a pool.
func (s *Scaler) Forget(pool types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pools, pool)
}
