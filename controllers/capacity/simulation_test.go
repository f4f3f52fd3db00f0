package capacity

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// simulation is a discrete-event simulation of the model: submissions, queues and slots.
type simulation struct {
	queues, slots int
	service       func(*rand.Rand) float64
	random        *rand.Rand
}

// simulated returns a simulation of a pool. Equal seeds give equal waits.
func simulated(p Pool, replicas int, service func(*rand.Rand) float64, seed uint64) simulation {
	queues, slots := p.groups(replicas)
	return simulation{queues: queues, slots: slots, service: service, random: rand.New(rand.NewPCG(seed, 1))}
}

// waits returns the waits of submissions with the given arrival times, in rising order. Each queue
// is served first come, first served.
func (s simulation) waits(arrivals []float64) []float64 {
	free := make([]times, s.queues)
	for i := range free {
		free[i] = make(times, s.slots)
	}
	waits := make([]float64, len(arrivals))
	for i, now := range arrivals {
		slots := &free[s.random.IntN(s.queues)]
		start := max(now, (*slots)[0])
		waits[i] = start - now
		(*slots)[0] = start + s.service(s.random)
		heap.Fix(slots, 0)
	}
	return waits
}

// burst returns the waits of several bursts together.
func (s simulation) burst(n, times int) []float64 {
	var all []float64
	for range times {
		all = append(all, s.waits(make([]float64, n))...)
	}
	return all
}

// steady returns the waits of n submissions with random arrivals at rate, after n/10 submissions
// that bring the queue to its steady state.
func (s simulation) steady(rate float64, n int) []float64 {
	arrivals := make([]float64, n+n/10)
	now := 0.0
	for i := range arrivals {
		now += s.random.ExpFloat64() / rate
		arrivals[i] = now
	}
	return s.waits(arrivals)[n/10:]
}

// p95 returns the 95th percentile of the waits.
func p95(waits []float64) time.Duration {
	slices.Sort(waits)
	return seconds(stat.Quantile(0.95, stat.Empirical, waits, nil))
}

func deterministic(mean float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return mean }
}

func exponential(mean float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return mean * r.ExpFloat64() }
}

// lognormal returns a distribution with the given mean and squared coefficient of variation.
func lognormal(mean, scv float64) func(*rand.Rand) float64 {
	sigma := math.Sqrt(math.Log1p(scv))
	return func(r *rand.Rand) float64 { return mean * math.Exp(sigma*r.NormFloat64()-sigma*sigma/2) }
}

type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any          { panic("the number of slots is constant") }
