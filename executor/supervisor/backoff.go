package supervisor

import (
	"context"
	"time"
)

// backoff delays the starts of a worker that fails repeatedly: 0, 100 ms, 200 ms ... 5 s, each plus
// up to 10 %, so that the workers of a replica do not start at the same time.
type backoff struct {
	random   func() float64
	failures int
}

const (
	backoffInitial = 100 * time.Millisecond
	backoffMax     = 5 * time.Second
	// stableAfter is the life time after which the end of a worker resets the backoff.
	stableAfter = 10 * time.Second
)

func newBackoff(random func() float64) *backoff { return &backoff{random: random} }

// ended records the end of a worker that nobody had requested, after the given life time, and waits
// for the delay. It reports false when ctx ended first.
func (b *backoff) ended(ctx context.Context, life time.Duration) bool {
	if life >= stableAfter {
		b.failures = 0
	}
	return b.wait(ctx)
}

// wait records a failure and waits for the delay. It reports false when ctx ended first.
func (b *backoff) wait(ctx context.Context) bool {
	b.failures++
	d := b.delay()
	if d == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (b *backoff) delay() time.Duration {
	if b.failures <= 1 {
		return 0
	}
	d := backoffInitial << min(b.failures-2, 16)
	d = min(d, backoffMax)
	return d + time.Duration(b.random()*float64(d)/10)
}
