package admission

import (
	"math"
	"sync"
	"time"
)

// Estimator measures the service time and predicts the shortest possible queue wait. The zero value
// is ready for use, by any number of goroutines.
//
// An early rejection lets a client try another replica at once. A wrong rejection costs a verdict.
// The prediction is therefore a lower bound, and a submission is accepted wherever there is doubt:
//
//   - With n jobs in the queue and c slots, c of the jobs may start at once, because each slot may
//     be about to become free. So k = n+1-c service times have to pass, spread over c slots.
//   - The sum of the k service times is taken three standard deviations below its mean: k*S -
//     3*d*sqrt(k), with mean S and standard deviation d. For k = 96, S = 2 s, d = 1 s and c = 8 the
//     bound is (192 - 29)/8 = 20 s; the mean is 24 s.
//   - Queued jobs that expire before their own predicted start hold no slot. They are not counted.
//   - S and d are exponential moving averages over about the last 64 jobs. Below MinSamples the
//     prediction is 0.
//
// The bound is too high only when all queued programs are much shorter than the measured ones. The
// client then gets a 503 that is safe to retry, and the averages follow within 64 short jobs.
type Estimator struct {
	mu       sync.Mutex
	n        int
	mean     float64 // seconds
	variance float64 // seconds squared
}

const (
	// window is the number of jobs over which the averages move.
	window = 64
	// MinSamples is the number of service times below which an Estimator predicts nothing.
	MinSamples = 32
)

// Observe adds one service time.
func (e *Estimator) Observe(serviceTime time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	weight := 1 / float64(min(e.n, window))
	delta := serviceTime.Seconds() - e.mean
	e.mean += weight * delta
	e.variance = (1 - weight) * (e.variance + weight*delta*delta)
}

// ServiceTime returns the mean service time, and 0 below MinSamples.
func (e *Estimator) ServiceTime() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.n < MinSamples {
		return 0
	}
	return seconds(e.mean)
}

// MinWait returns the shortest possible queue wait of a job behind queued jobs with these
// deadlines, in the order of the queue. It returns 0 below MinSamples.
func (e *Estimator) MinWait(now time.Time, deadlines []time.Time, slots int) time.Duration {
	started := 0
	for _, deadline := range deadlines {
		if now.Add(e.MinWaitBehind(started, slots)).Before(deadline) {
			started++
		}
	}
	return e.MinWaitBehind(started, slots)
}

// MinWaitBehind returns the shortest possible queue wait of a job behind n queued jobs of which
// none expires. It returns 0 below MinSamples. It is never less than MinWait, and needs no
// deadlines, so that it serves as a cheap first check.
func (e *Estimator) MinWaitBehind(n, slots int) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	k := float64(n + 1 - slots)
	if e.n < MinSamples || slots <= 0 || k <= 0 {
		return 0
	}
	return seconds(max(0, k*e.mean-3*math.Sqrt(e.variance*k)) / float64(slots))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
