package admission

import (
	"math"
	"sync"
	"time"
)

// Estimator measures how long a slot is held by a submission and says how long a queue takes at least.
//
// Refusing early is a courtesy: a client that would wait its whole time for nothing can go elsewhere at once. Refusing
// wrongly costs a verdict. So the estimate is a lower bound, and whoever is in doubt is admitted:
//
//   - With n submissions ahead and c busy slots, c of them may start at once (each slot may be just about to free up),
//     so only k = n+1-c holding times must pass before ours, spread over c slots.
//   - Their sum is taken three standard deviations below its mean: k*S - 3*d*sqrt(k). For k = 96, S = 2 s, d = 1 s and
//     c = 8 that is (192 - 29)/8 = 20 s where the mean is 24 s.
//   - Those ahead that will themselves expire before that estimate reaches them hold no slot and are not counted.
//   - S and d are moving averages over about the last 64 submissions; below 32 measured ones everything is admitted.
//
// What remains is that the programs which wait are all much shorter than those just measured. Then a client is sent away
// with a 503 that is safe to retry, and 64 short submissions later the estimate has followed.
type Estimator struct {
	mu       sync.Mutex
	n        int
	mean     float64 // seconds
	variance float64
}

const (
	estimatorWindow = 64
	// EstimatorLeast is how many must be measured before anybody is refused.
	EstimatorLeast = 32
)

// Observe takes one holding time.
func (e *Estimator) Observe(held time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	weight := 1 / float64(min(e.n, estimatorWindow))
	delta := held.Seconds() - e.mean
	e.mean += weight * delta
	e.variance = (1 - weight) * (e.variance + weight*delta*delta)
}

// Service is the mean holding time, 0 while it is unknown.
func (e *Estimator) Service() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.n < EstimatorLeast {
		return 0
	}
	return seconds(e.mean)
}

// LeastWait is the time a submission waits at least behind those that wait with the given deadlines; 0 when in doubt.
func (e *Estimator) LeastWait(now time.Time, ahead []time.Time, slots int) time.Duration {
	served := 0
	for _, deadline := range ahead {
		if now.Add(e.Behind(served, slots)).Before(deadline) {
			served++
		}
	}
	return e.Behind(served, slots)
}

// Behind is the time a submission waits at least behind n that are all served; 0 when in doubt. It is never less than
// LeastWait, and costs nothing.
func (e *Estimator) Behind(n, slots int) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	k := float64(n + 1 - slots)
	if e.n < EstimatorLeast || slots <= 0 || k <= 0 {
		return 0
	}
	return seconds(max(0, k*e.mean-3*math.Sqrt(e.variance*k)) / float64(slots))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
