package supervisor

import (
	"context"
	"time"
)

// backoff spaces the starts of a worker that keeps failing: at once, 100 ms, 200 ms ... 5 s, each with up to a tenth more
// so that the workers of a replica do not start in step.
type backoff struct {
	random   func() float64
	failures int
}

const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = 5 * time.Second
	// longLife is how long a worker must have lived for its end not to count as a failed start.
	longLife = 10 * time.Second
)

func newBackoff(random func() float64) *backoff { return &backoff{random: random} }

// lived tells how long a worker that ended without being asked to had lived, and waits as long as that calls for.
func (b *backoff) lived(ctx context.Context, life time.Duration) bool {
	if life >= longLife {
		b.failures = 0
	}
	return b.wait(ctx)
}

// wait is false when ctx ended first.
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
	d := backoffFirst << min(b.failures-2, 16)
	d = min(d, backoffMost)
	return d + time.Duration(b.random()*float64(d)/10)
}
