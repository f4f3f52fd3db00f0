package sampling

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"executorpool.dev/controllers/autoscale"
)

const (
	// inFlight bounds the pods that are asked at one time.
	inFlight = 128
	// minSleep is the shortest sleep of the loop, which then asks all pods that became due in it.
	minSleep = 10 * time.Millisecond
	// maxSleep is the longest sleep of the loop.
	maxSleep = 250 * time.Millisecond
)

// Pool is what the Poller needs of a pool.
type Pool struct {
	// Targets are the pods that can answer.
	Targets []Target
	// Interval is the time between two questions to a ready pod.
	Interval time.Duration
	// Alert reports whether the first sign of a queue makes all replicas due at once, and again
	// until the numbers have settled.
	Alert bool
	// Source is where submissions wait besides; nil for none.
	Source Source
}

// Reading is the load of a pool after a round of questions to its replicas.
type Reading struct {
	Sample autoscale.Sample
	// Oldest is the queue wait, until now, of the submission that has waited longest at a replica.
	Oldest time.Duration
	// Pressed is when the current queue was first seen; zero when there is none.
	Pressed time.Time
	// Changed reports whether an answer differs from the earlier one in more than its numbers, so
	// that the status of the pool may change.
	Changed bool
}

// Poller asks the pods of the pools that it follows, and passes each Reading to its observer. It is
// a manager.Runnable.
type Poller struct {
	ask     func(context.Context, Target) Answer
	clock   clock.Clock
	observe func(types.NamespacedName, Reading)

	wakeUp chan struct{}
	slots  chan struct{}

	mu    sync.Mutex
	pools map[types.NamespacedName]*followed
}

// NewPoller returns a poller that asks through s. It calls observe after each round of a pool;
// observe must not block.
func NewPoller(s *Sampler, c clock.Clock, observe func(types.NamespacedName, Reading)) *Poller {
	return newPoller(s.ask, c, observe)
}

func newPoller(ask func(context.Context, Target) Answer, c clock.Clock, observe func(types.NamespacedName, Reading)) *Poller {
	return &Poller{
		ask: ask, clock: c, observe: observe,
		wakeUp: make(chan struct{}, 1), slots: make(chan struct{}, inFlight),
		pools: map[types.NamespacedName]*followed{},
	}
}

// NeedLeaderElection returns true: a manager in reserve asks nothing.
func (p *Poller) NeedLeaderElection() bool { return true }

// Start asks until ctx ends.
func (p *Poller) Start(ctx context.Context) error {
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		timer := p.clock.NewTimer(p.round(ctx, &asking))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		case <-p.wakeUp:
			timer.Stop()
		}
	}
}

// round asks the pods that are due, and returns the time until others are.
func (p *Poller) round(ctx context.Context, asking *sync.WaitGroup) time.Duration {
	type complete struct {
		key     types.NamespacedName
		reading Reading
	}
	var late []complete
	p.mu.Lock()
	now := p.clock.Now()
	next := now.Add(maxSleep)
	for _, f := range p.pools {
		// The loop runs a hundred times a second, and in most pools nothing is due then.
		if !f.next.After(now) {
			if f.overdue(now) {
				late = append(late, complete{f.key, f.read(now)})
			}
			f.next = earlier(p.askDue(ctx, f, now, asking), f.overdueAt())
		}
		next = earlier(next, f.next)
	}
	p.mu.Unlock()
	for _, l := range late {
		p.observe(l.key, l.reading)
	}
	return max(next.Sub(now), minSleep)
}

// askDue asks the pods of a pool that are due, and returns the time at which others are.
func (p *Poller) askDue(ctx context.Context, f *followed, now time.Time, asking *sync.WaitGroup) time.Time {
	next := now.Add(maxSleep)
	for _, t := range f.targets {
		switch {
		case t.asking:
		case t.due.After(now):
			next = earlier(next, t.due)
		case p.acquire():
			t.asking, t.began = true, now
			asking.Go(func() { p.askTarget(ctx, f, t) })
		default:
			next = now
		}
	}
	if f.pool.Source == nil || f.source.asking {
		return next
	}
	switch {
	case f.source.due.After(now):
		next = earlier(next, f.source.due)
	case p.acquire():
		f.source.asking, f.source.due = true, now.Add(f.pool.Interval)
		source := f.pool.Source
		asking.Go(func() { p.askSource(ctx, f, source) })
	default:
		next = now
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (p *Poller) acquire() bool {
	select {
	case p.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *Poller) wake() {
	select {
	case p.wakeUp <- struct{}{}:
	default:
	}
}

func (p *Poller) askTarget(ctx context.Context, f *followed, t *target) {
	answer := p.ask(ctx, t.Target)
	<-p.slots
	p.mu.Lock()
	now := p.clock.Now()
	reading, complete := f.record(t, answer, now)
	complete = complete && p.pools[f.key] == f
	urgent := f.urgent
	f.urgent = false
	p.mu.Unlock()
	if urgent {
		p.wake()
	}
	if complete {
		p.observe(f.key, reading)
	}
}

func (p *Poller) askSource(ctx context.Context, f *followed, source Source) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	value, err := source.Waiting(ctx)
	<-p.slots
	p.mu.Lock()
	defer p.mu.Unlock()
	f.next = time.Time{}
	if f.pool.Source == nil || !f.pool.Source.Same(source) {
		f.source.asking = false
		return
	}
	now := p.clock.Now()
	f.source.record(value, err, now)
	f.observeQueue(value.Waiting > 0, now)
	if f.urgent {
		f.urgent = false
		p.wake()
	}
}

// Follow begins to ask the pods of a pool, or takes in its current pods. It reports whether the
// pool is new.
func (p *Poller) Follow(key types.NamespacedName, pool Pool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, known := p.pools[key]
	if !known {
		f = newFollowed(key, p.clock.Now())
		p.pools[key] = f
	}
	if f.follow(pool, p.clock.Now()) {
		p.wake()
	}
	return !known
}

// Forget stops asking the pods of a pool.
func (p *Poller) Forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pools, key)
}

// Refresh makes every pod of a pool due, and returns when all were asked or when ctx ends.
func (p *Poller) Refresh(ctx context.Context, key types.NamespacedName) {
	p.mu.Lock()
	f, known := p.pools[key]
	if !known {
		p.mu.Unlock()
		return
	}
	done := f.refresh(p.clock.Now())
	p.mu.Unlock()
	p.wake()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Read returns the current reading of a pool and the answers of its pods by name. A pod that was
// not asked yet has no answer.
func (p *Poller) Read(key types.NamespacedName) (Reading, map[string]Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, known := p.pools[key]
	if !known {
		return Reading{}, nil
	}
	now := p.clock.Now()
	answers := make(map[string]Answer, len(f.targets))
	for name, t := range f.targets {
		if t.asked {
			answers[name] = t.forStatus(now, f.grace())
		}
	}
	return f.reading(now), answers
}
