package capacity

import (
	"math"
	"time"
)

// BurstWait is the wait that 95 of 100 submissions of the burst are expected not to exceed on so many replicas.
//
// N submissions come at once and spread over q queues of c slots each. Of a queue's M submissions c start at once, and one
// more whenever one ends: after t, X = c + D(t) have started, where D counts what c slots have ended that are never idle,
// a superposition of c renewal processes (Cox, Renewal Theory, 1962, chapter 6). So the share that still waits after t is
//
//	E[(M - X)+] / E[M],   M ~ Binomial(N, 1/q),   E[D] = c·m(t),   Var[D] = c·v(t)
//
// and the wait sought is the smallest t where that is 5 %. M - X is taken as normal, for which E[(Y)+] is
// σφ(μ/σ) + μΦ(μ/σ). One queue makes M the constant N, and the share is then that of a burst which drains without chance:
// 200 submissions of 2 s over 80 slots wait 0, 2 and 4 s, 4 s at the 95th percentile.
func BurstWait(l Load, p Pool, replicas int) time.Duration {
	if burstLate(l, p, replicas, 0) <= tail {
		return 0
	}
	high := l.Service.Mean.Seconds()
	for burstLate(l, p, replicas, high) > tail {
		high *= 2
	}
	return seconds(bisect(0, high, func(t float64) bool { return burstLate(l, p, replicas, t) <= tail }))
}

// burstLate is the share of the burst that waits longer than t seconds.
func burstLate(l Load, p Pool, replicas int, t float64) float64 {
	n := float64(l.burst())
	queues, slots := p.groups(replicas)
	q, c := float64(queues), float64(slots)
	mean, variance := n/q, n/q*(1-1/q)
	m, v := l.Service.renewals(t)
	// No more can wait than at first: the normal D would be negative where few services end within t.
	return min(atFirst(l.burst(), queues, slots), excess(mean-c-c*m, math.Sqrt(variance+c*v))/mean)
}

// normalFrom is the mean from which a binomial number is as good as normal.
const normalFrom = 50

// atFirst is the share of n submissions that find no free slot: E[(M - c)+] / E[M], summed up where M is small.
func atFirst(n, queues, slots int) float64 {
	mean := float64(n) / float64(queues)
	c := float64(slots)
	switch {
	case n <= slots:
		return 0
	case queues == 1 || mean > normalFrom:
		return excess(mean-c, math.Sqrt(mean*(1-1/float64(queues)))) / mean
	}
	odds := 1 / float64(queues-1)
	probability, sum := math.Pow(1-1/float64(queues), float64(n)), 0.0
	for k := 1; k <= n; k++ {
		probability *= float64(n-k+1) / float64(k) * odds
		sum += probability * max(0, float64(k)-c)
		if float64(k) > mean && probability < 1e-15 {
			break
		}
	}
	return sum / mean
}

// excess is E[(Y)+] of a normal Y.
func excess(mean, deviation float64) float64 {
	if deviation == 0 {
		return max(0, mean)
	}
	z := mean / deviation
	return deviation*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi) + mean*phi(z)
}

// bisect finds, to a millisecond's tenth, the smallest value for which holds is true; it is false at low, true at high.
func bisect(low, high float64, holds func(float64) bool) float64 {
	for high-low > 1e-4 {
		middle := (low + high) / 2
		if holds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond)
}
