package scaling

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// countersInterval is the shortest time between two writes of a status only because of its
	// counters.
	countersInterval = 5 * time.Second
	// countersRate is the highest number of such writes per second for all pools. The requests of
	// the manager are limited, by default to 50 per second, and writes that scale pools must not
	// wait. With more pools at work the counters in their statuses are older. The metrics are
	// current at each sample.
	countersRate = 15
)

// WriteBudget limits the writes of statuses that change only counters. It is safe for concurrent
// use.
//
// A pool whose counters differ from the written ones asks with Grant, and is reconciled when it
// gets a write. The reconciler asks with MayWriteCounters before such a write. A pool that gets
// none stays due.
type WriteBudget struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	pools map[types.NamespacedName]*writtenCounters
}

// writtenCounters are the counters in the status of one pool.
type writtenCounters struct {
	counters Counters
	at       time.Time
	// stale reports whether counters were not written for want of budget.
	stale bool
	// granted reports whether the pool has a write that it has not used.
	granted bool
}

// NewWriteBudget returns a full budget.
func NewWriteBudget() *WriteBudget {
	return &WriteBudget{limiter: rate.NewLimiter(countersRate, countersRate), pools: map[types.NamespacedName]*writtenCounters{}}
}

// Grant gives the pool one write if its counters differ from the written ones, the last write was
// long enough ago, and the budget has a write left. It reports whether it did.
func (b *WriteBudget) Grant(pool types.NamespacedName, current Counters, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.of(pool)
	if !w.stale && current == w.counters || now.Sub(w.at) < countersInterval || !b.limiter.AllowN(now, 1) {
		return false
	}
	w.granted = true
	return true
}

// MayWriteCounters reports whether a status may be written only because of its counters. It uses
// the granted write of the pool, or else one of the budget. Without one the counters stay due.
func (b *WriteBudget) MayWriteCounters(pool types.NamespacedName, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.of(pool)
	if w.granted || b.limiter.AllowN(now, 1) {
		w.granted = false
		return true
	}
	w.stale = true
	return false
}

// SetWritten records the counters of the status that the reconciler is about to write.
func (b *WriteBudget) SetWritten(pool types.NamespacedName, counters Counters, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.of(pool)
	w.counters, w.at, w.stale = counters, now, false
}

// Forget drops the state of a pool.
func (b *WriteBudget) Forget(pool types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pools, pool)
}

func (b *WriteBudget) of(pool types.NamespacedName) *writtenCounters {
	w := b.pools[pool]
	if w == nil {
		w = &writtenCounters{}
		b.pools[pool] = w
	}
	return w
}
