package capacity

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// simulation is the model without mathematics: submissions, queues, slots, one after the other.
type simulation struct {
	queues, slots int
	service       func(*rand.Rand) float64
	random        *rand.Rand
}

// simulated makes one for a pool; each seed gives the same waits again.
func simulated(p Pool, replicas int, service func(*rand.Rand) float64, seed uint64) simulation {
	queues, slots := p.groups(replicas)
	return simulation{queues: queues, slots: slots, service: service, random: rand.New(rand.NewPCG(seed, 1))}
}

// waits serves submissions that arrive at these times, in rising order, first come, first served in each queue.
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

// burst is many bursts' waits together.
func (s simulation) burst(n, times int) []float64 {
	var all []float64
	for range times {
		all = append(all, s.waits(make([]float64, n))...)
	}
	return all
}

// steady is the waits of n submissions that come at random at rate, after as many as a tenth have warmed the queue.
func (s simulation) steady(rate float64, n int) []float64 {
	arrivals := make([]float64, n+n/10)
	now := 0.0
	for i := range arrivals {
		now += s.random.ExpFloat64() / rate
		arrivals[i] = now
	}
	return s.waits(arrivals)[n/10:]
}

// p95 is the smallest wait that 95 of 100 do not exceed.
func p95(waits []float64) time.Duration {
	slices.Sort(waits)
	return seconds(waits[int(math.Ceil(0.95*float64(len(waits))))-1])
}

func deterministic(mean float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return mean }
}

func exponential(mean float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return mean * r.ExpFloat64() }
}

// lognormal has the mean and the squared coefficient of variation.
func lognormal(mean, scv float64) func(*rand.Rand) float64 {
	sigma := math.Sqrt(math.Log1p(scv))
	return func(r *rand.Rand) float64 { return mean * math.Exp(sigma*r.NormFloat64()-sigma*sigma/2) }
}

type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any          { panic("slots neither come nor go") }
