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
	// numbersInterval is how often at most a status is written only because its busy slots and queue depth have changed.
	numbersInterval = 5 * time.Second
	// numbersRate is how many such writes a second all pools have together, the more of them work the older the numbers in
	// their status: the manager's requests are limited, to 50 a second by default, and those that scale pools must not
	// stand behind them. The metrics have them to the second.
	numbersRate = 15
	// wakeUps is how many pools can be waiting for the reconciler to hear of them.
	wakeUps = 4096
)

// Scaler holds what the next decision about each pool rests on. It decides when a pool was sampled, and wakes the reconciler
// if that gives something else than what was acted on; the reconciler decides again with what the cluster says now. What it
// holds is lost with the process, which costs a stabilisation window of replicas and never a scale-down.
type Scaler struct {
	clock   clock.PassiveClock
	woken   chan event.GenericEvent
	numbers *rate.Limiter

	mu    sync.Mutex
	pools map[types.NamespacedName]*scaled
}

type scaled struct {
	// ordered says that policy and fleet are known.
	ordered bool
	policy  autoscale.Policy
	fleet   autoscale.Fleet
	reading sampling.Reading
	state   autoscale.State
	word    word

	// acted is what the reconciler acted on last, and when; waking says that it is to hear of the pool and has not yet.
	acted   Acted
	actedAt time.Time
	waking  bool
	// turn says that the pool's numbers may be written.
	turn bool
	// wrote is the Deployment's replicas as written last, until the cache shows that write.
	wrote  *wrote
	starts pods.StartTimes
	// reacted is the Pressed of the queue whose reaction time was taken already.
	reacted time.Time
}

// Acted is the part of a decision and a sample that status tells of.
type Acted struct {
	Replicas int32
	Scaling  status.Scaling
	Numbers  [2]float64
}

// wrote is a write of the Deployment that was of a generation before.
type wrote struct {
	uid        types.UID
	generation int64
	replicas   int32
}

// New makes a scaler that knows no pool.
func New(c clock.PassiveClock) *Scaler {
	return &Scaler{
		clock: c, woken: make(chan event.GenericEvent, wakeUps), numbers: rate.NewLimiter(numbersRate, numbersRate),
		pools: map[types.NamespacedName]*scaled{},
	}
}

// Woken are the pools that the reconciler is to look at.
func (s *Scaler) Woken() <-chan event.GenericEvent { return s.woken }

// Observe takes in a reading and wakes the reconciler if something follows from it.
func (s *Scaler) Observe(pool types.NamespacedName, reading sampling.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil || !p.ordered {
		return
	}
	p.take(pool, reading)
	d, scaling := s.decideLocked(pool, p)
	if reading.Changed || d.Replicas != p.acted.Replicas || scaling != p.acted.Scaling || s.outdated(p) {
		s.wake(pool, p)
	}
}

// outdated says whether the pool's numbers are to be written and it is its turn.
func (s *Scaler) outdated(p *scaled) bool {
	now := s.clock.Now()
	if p.waking || NumbersOf(p.reading) == p.acted.Numbers || now.Sub(p.actedAt) < numbersInterval || !s.numbers.AllowN(now, 1) {
		return false
	}
	p.turn = true
	return true
}

// Tells says whether a status may be written only for its numbers. If not, they stay outdated until it is the pool's turn.
func (s *Scaler) Tells(pool types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		return true
	}
	if p.turn || s.numbers.AllowN(s.clock.Now(), 1) {
		p.turn = false
		return true
	}
	p.acted.Numbers = [2]float64{math.NaN(), math.NaN()}
	return false
}

// Read takes in a reading that the reconciler asked for. The pool may be new.
func (s *Scaler) Read(pool types.NamespacedName, reading sampling.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		p = &scaled{}
		s.pools[pool] = p
	}
	p.take(pool, reading)
}

func (p *scaled) take(pool types.NamespacedName, reading sampling.Reading) {
	if reading.Sample.Time.Before(p.reading.Sample.Time) {
		return
	}
	p.reading = reading
	metrics.PublishSample(pool, reading.Sample.Time, reading.Sample.Busy, reading.Sample.Waiting, reading.Oldest)
}

func (s *Scaler) wake(pool types.NamespacedName, p *scaled) {
	if p.waking {
		return
	}
	select {
	case s.woken <- event.GenericEvent{Object: &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: pool.Namespace, Name: pool.Name}}}:
		p.waking = true
	default:
		// The next reading of the pool tries again.
	}
}

// Decide decides with what the spec and the cluster say now.
func (s *Scaler) Decide(pool types.NamespacedName, policy autoscale.Policy, fleet autoscale.Fleet) (autoscale.Decision, status.Scaling) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		p = &scaled{}
		s.pools[pool] = p
	}
	p.waking, p.ordered = false, true
	p.policy, p.fleet = policy, fleet
	return s.decideLocked(pool, p)
}

func (s *Scaler) decideLocked(pool types.NamespacedName, p *scaled) (autoscale.Decision, status.Scaling) {
	now := s.clock.Now()
	d := autoscale.Decide(autoscale.Input{Now: now, Policy: p.policy, Fleet: p.fleet, Sample: p.reading.Sample, State: p.state})
	metrics.DecisionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(s.clock.Since(now).Seconds())
	p.state = d.State
	if p.policy.Ceiling == 0 {
		p.word = word{}
		return d, status.Scaling{}
	}
	return d, p.word.of(d, p.reading.Sample.Failure, now)
}

// NumbersOf is what wakes the reconciler when it has changed since a status was written.
func NumbersOf(reading sampling.Reading) [2]float64 {
	return [2]float64{reading.Sample.Waiting, reading.Sample.Busy}
}

// Act notes what the reconciler has made of a decision.
func (s *Scaler) Act(pool types.NamespacedName, done Acted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		p.acted, p.actedAt = done, s.clock.Now()
	}
}

// NoteWrite remembers what was written of a Deployment, nil when there was none, until the cache has it. When it was more
// replicas for a queue, the time that took is measured.
func (s *Scaler) NoteWrite(pool types.NamespacedName, before *appsv1.Deployment, replicas int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil {
		return
	}
	p.wrote = &wrote{replicas: replicas}
	if before == nil {
		return
	}
	p.wrote.uid, p.wrote.generation = before.UID, before.Generation
	pressed := p.reading.Pressed
	if replicas > ptr.Deref(before.Spec.Replicas, 1) && !pressed.IsZero() && !pressed.Equal(p.reacted) {
		p.reacted = pressed
		metrics.ReactionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(s.clock.Since(pressed).Seconds())
	}
}

// Written is how many replicas the Deployment has; what this process wrote is known before the cache shows it.
func (s *Scaler) Written(pool types.NamespacedName, d *appsv1.Deployment) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var now wrote
	if d != nil {
		now = wrote{d.UID, d.Generation, ptr.Deref(d.Spec.Replicas, 1)}
	}
	p := s.pools[pool]
	if p == nil || p.wrote == nil {
		return now.replicas
	}
	if now.uid == p.wrote.uid && now.generation == p.wrote.generation {
		return p.wrote.replicas
	}
	p.wrote = nil
	return now.replicas
}

// LastAsked is spec.replicas of the decision before; ok is false when there was none.
func (s *Scaler) LastAsked(pool types.NamespacedName) (asked int32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil && p.ordered {
		return p.policy.Replicas, true
	}
	return 0, false
}

// Started measures the pods of a pool that have become ready.
func (s *Scaler) Started(pool types.NamespacedName, all []corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		for _, took := range p.starts.Of(all) {
			metrics.PodStartSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(took.Seconds())
		}
	}
}

// Forget lets go of a pool.
func (s *Scaler) Forget(pool types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pools, pool)
}
