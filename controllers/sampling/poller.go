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
	// inFlight bounds how many pods are asked at one time.
	inFlight = 128
	// nap is how long the loop sleeps at least, so that what falls due in that time is done together.
	nap = 10 * time.Millisecond
	// lookout is how long it sleeps at most.
	lookout = 250 * time.Millisecond
)

// Pool is what the poller is told of a pool.
type Pool struct {
	// Targets are the pods that can answer.
	Targets []Target
	// Interval is how often each ready one is asked.
	Interval time.Duration
	// Alert has all replicas asked at once, and until the numbers have settled, when the first of them shows a queue.
	Alert bool
	// Source tells what waits elsewhere; nil for none.
	Source Source
}

// Reading is what is known of a pool after its replicas were asked once more.
type Reading struct {
	Sample autoscale.Sample
	// Oldest is how long the submission that waits longest at the replicas has waited.
	Oldest time.Duration
	// Pressed is when the queue was first seen that is there now; zero when there is none.
	Pressed time.Time
	// Changed says that an answer differs from the one before in more than numbers: status has words about it.
	Changed bool
}

// Poller asks the pods of the pools it follows, again and again, and tells Observe what it learned. It is a
// manager.Runnable.
type Poller struct {
	ask     func(context.Context, Target) Report
	clock   clock.Clock
	observe func(types.NamespacedName, Reading)

	kick  chan struct{}
	slots chan struct{}

	mu    sync.Mutex
	pools map[types.NamespacedName]*followed
}

// NewPoller makes a poller that asks by s. observe is called after each round of a pool; it must be quick.
func NewPoller(s *Sampler, c clock.Clock, observe func(types.NamespacedName, Reading)) *Poller {
	return newPoller(s.ask, c, observe)
}

func newPoller(ask func(context.Context, Target) Report, c clock.Clock, observe func(types.NamespacedName, Reading)) *Poller {
	return &Poller{
		ask: ask, clock: c, observe: observe,
		kick: make(chan struct{}, 1), slots: make(chan struct{}, inFlight),
		pools: map[types.NamespacedName]*followed{},
	}
}

// NeedLeaderElection keeps managers that only stand by from asking.
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
		case <-p.kick:
			timer.Stop()
		}
	}
}

// round starts to ask whatever is due and says how long nothing will be.
func (p *Poller) round(ctx context.Context, asking *sync.WaitGroup) time.Duration {
	type told struct {
		key     types.NamespacedName
		reading Reading
	}
	var late []told
	p.mu.Lock()
	now := p.clock.Now()
	next := now.Add(lookout)
	for _, f := range p.pools {
		// The loop runs a hundred times a second, and most pools have nothing due then.
		if !f.next.After(now) {
			if f.overdue(now) {
				late = append(late, told{f.key, f.read(now)})
			}
			f.next = earlier(p.askDue(ctx, f, now, asking), f.overdueAt())
		}
		next = earlier(next, f.next)
	}
	p.mu.Unlock()
	for _, l := range late {
		p.observe(l.key, l.reading)
	}
	return max(next.Sub(now), nap)
}

// askDue starts to ask what is due of a pool and says when something will be.
func (p *Poller) askDue(ctx context.Context, f *followed, now time.Time, asking *sync.WaitGroup) time.Time {
	next := now.Add(lookout)
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
	case p.kick <- struct{}{}:
	default:
	}
}

func (p *Poller) askTarget(ctx context.Context, f *followed, t *target) {
	report := p.ask(ctx, t.Target)
	<-p.slots
	p.mu.Lock()
	now := p.clock.Now()
	reading, complete := f.took(t, report, now)
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
	f.source.took(value, err, now)
	f.watch(value.Waiting > 0, now)
	if f.urgent {
		f.urgent = false
		p.wake()
	}
}

// Follow begins to ask a pool's pods, or takes in which they are now. It says whether the pool is new.
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

// Forget ends asking a pool's pods.
func (p *Poller) Forget(key types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pools, key)
}

// Refresh has every pod of a pool asked once more and waits until all have answered, none can, or ctx ends.
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

// Read is the latest reading of a pool and what its pods said, by name. A pod that was not asked yet has no report.
func (p *Poller) Read(key types.NamespacedName) (Reading, map[string]Report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f, known := p.pools[key]
	if !known {
		return Reading{}, nil
	}
	now := p.clock.Now()
	reports := make(map[string]Report, len(f.targets))
	for name, t := range f.targets {
		if t.asked {
			reports[name] = t.shown(now, f.grace())
		}
	}
	return f.reading(now), reports
}
