package controllers

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

// scaler holds what the next decision about each pool rests on. It decides when a pool was sampled, and wakes the reconciler
// if that gives something else than what was acted on; the reconciler decides again with what the cluster says now. What it
// holds is lost with the process, which costs a stabilisation window of replicas and never a scale-down.
type scaler struct {
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
	acted   acted
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

// acted is the part of a decision and a sample that status tells of.
type acted struct {
	replicas int32
	scaling  status.Scaling
	numbers  [2]float64
}

// wrote is a write of the Deployment that was of a generation before.
type wrote struct {
	uid        types.UID
	generation int64
	replicas   int32
}

func newScaler(c clock.PassiveClock) *scaler {
	return &scaler{
		clock: c, woken: make(chan event.GenericEvent, wakeUps), numbers: rate.NewLimiter(numbersRate, numbersRate),
		pools: map[types.NamespacedName]*scaled{},
	}
}

// observe takes in a reading and wakes the reconciler if something follows from it.
func (s *scaler) observe(pool types.NamespacedName, reading sampling.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pools[pool]
	if p == nil || !p.ordered {
		return
	}
	p.take(pool, reading)
	d, scaling := s.decideLocked(pool, p)
	if reading.Changed || d.Replicas != p.acted.replicas || scaling != p.acted.scaling || s.outdated(p) {
		s.wake(pool, p)
	}
}

// outdated says whether the pool's numbers are to be written and it is its turn.
func (s *scaler) outdated(p *scaled) bool {
	now := s.clock.Now()
	if p.waking || numbersOf(p.reading) == p.acted.numbers || now.Sub(p.actedAt) < numbersInterval || !s.numbers.AllowN(now, 1) {
		return false
	}
	p.turn = true
	return true
}

// tells says whether a status may be written only for its numbers. If not, they stay outdated until it is the pool's turn.
func (s *scaler) tells(pool types.NamespacedName) bool {
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
	p.acted.numbers = [2]float64{math.NaN(), math.NaN()}
	return false
}

// read takes in a reading that the reconciler asked for. The pool may be new.
func (s *scaler) read(pool types.NamespacedName, reading sampling.Reading) {
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

func (s *scaler) wake(pool types.NamespacedName, p *scaled) {
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

// decide decides with what the spec and the cluster say now.
func (s *scaler) decide(pool types.NamespacedName, policy autoscale.Policy, fleet autoscale.Fleet) (autoscale.Decision, status.Scaling) {
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

func (s *scaler) decideLocked(pool types.NamespacedName, p *scaled) (autoscale.Decision, status.Scaling) {
	now := s.clock.Now()
	d := autoscale.Decide(autoscale.Input{Now: now, Policy: p.policy, Fleet: p.fleet, Sample: p.reading.Sample, State: p.state})
	metrics.DecisionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(s.clock.Since(now).Seconds())
	p.state = d.State
	if p.policy.Ceiling == 0 {
		p.word = word{}
		return d, status.Scaling{}
	}
	return d, p.word.of(d, p.reading.Sample.Problem, now)
}

func numbersOf(reading sampling.Reading) [2]float64 {
	return [2]float64{reading.Sample.Waiting, reading.Sample.Busy}
}

// act notes what the reconciler has made of a decision.
func (s *scaler) act(pool types.NamespacedName, done acted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		p.acted, p.actedAt = done, s.clock.Now()
	}
}

// noteWrite remembers what was written of a Deployment, nil when there was none, until the cache has it. When it was more
// replicas for a queue, the time that took is measured.
func (s *scaler) noteWrite(pool types.NamespacedName, before *appsv1.Deployment, replicas int32) {
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

// written is how many replicas the Deployment has; what this process wrote is known before the cache shows it.
func (s *scaler) written(pool types.NamespacedName, d *appsv1.Deployment) int32 {
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

// lastAsked is spec.replicas of the decision before; ok is false when there was none.
func (s *scaler) lastAsked(pool types.NamespacedName) (asked int32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil && p.ordered {
		return p.policy.Replicas, true
	}
	return 0, false
}

// started measures the pods of a pool that have become ready.
func (s *scaler) started(pool types.NamespacedName, all []corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pools[pool]; p != nil {
		for _, took := range p.starts.Of(all) {
			metrics.PodStartSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(took.Seconds())
		}
	}
}

func (s *scaler) forget(pool types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pools, pool)
}
