package budget

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Budget is an amount of memory that requests and answers share. Use New.
type Budget struct {
	all *semaphore.Weighted
	// capacity is that of requests and answers together, and forRequests that of requests.
	capacity, forRequests int64
	requests              atomic.Int64
}

// New returns a budget of requests bytes for requests and answers, and answers bytes for answers
// alone.
func New(requests, answers int64) *Budget {
	return &Budget{all: semaphore.NewWeighted(requests + answers), capacity: requests + answers, forRequests: requests}
}

// ClaimRequest claims n bytes for a request and reports whether they were free. It fails while an
// answer waits.
func (b *Budget) ClaimRequest(n int64) bool {
	if b.requests.Add(n) > b.forRequests || !b.all.TryAcquire(n) {
		b.requests.Add(-n)
		return false
	}
	return true
}

// ReleaseRequest releases n bytes of a request.
func (b *Budget) ReleaseRequest(n int64) {
	b.requests.Add(-n)
	b.all.Release(n)
}

// ClaimAnswer claims n bytes for an answer and waits for them until ctx ends. release may be called
// more than once.
func (b *Budget) ClaimAnswer(ctx context.Context, n int64) (release func(), err error) {
	n = min(n, b.capacity)
	if err := b.all.Acquire(ctx, n); err != nil {
		return nil, err
	}
	var released atomic.Bool
	return func() {
		if !released.Swap(true) {
			b.all.Release(n)
		}
	}, nil
}
