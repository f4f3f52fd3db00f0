package capacity

import (
	"math"
	"time"
)

// BurstWait returns the 95th percentile of the queue wait in the burst, on the given number of
// replicas.
//
// N submissions arrive at once and spread over q queues of c slots each. Of the M submissions of a
// queue, c start at once, and one more whenever one ends: after t, X = c + D(t) have started. D is
// the number of services that c slots without idle time have ended, a superposition of c renewal
// processes (Cox, Renewal Theory, 1962, chapter 6). The share that still waits after t is
//
//	E[(M - X)+] / E[M],   M ~ Binomial(N, 1/q),   E[D] = c·m(t),   Var[D] = c·v(t)
//
// and the result is the smallest t at which the share is 5 %. M - X is approximated as normal, for
// which E[(Y)+] is σφ(μ/σ) + μΦ(μ/σ). With one queue M is the constant N: 200 submissions of 2 s on
// 80 slots wait 0, 2 and 4 s, 4 s at the 95th percentile.
func BurstWait(l Load, p Pool, replicas int) time.Duration {
	if burstTail(l, p, replicas, 0) <= tailShare {
		return 0
	}
	high := l.Service.Mean.Seconds()
	for burstTail(l, p, replicas, high) > tailShare {
		high *= 2
	}
	return seconds(bisect(0, high, func(t float64) bool { return burstTail(l, p, replicas, t) <= tailShare }))
}

// burstTail returns the share of the burst that waits longer than t seconds.
func burstTail(l Load, p Pool, replicas int, t float64) float64 {
	n := float64(l.burst())
	queues, slots := p.groups(replicas)
	q, c := float64(queues), float64(slots)
	mean, variance := n/q, n/q*(1-1/q)
	m, v := l.Service.renewals(t)
	// The share is at most that of the submissions that wait at the start. The normal approximation
	// exceeds it where few services end within t, because D can then be negative.
	return min(initialTail(l.burst(), queues, slots), excess(mean-c-c*m, math.Sqrt(variance+c*v))/mean)
}

// normalFrom is the mean from which a binomial distribution is approximated as normal.
const normalFrom = 50

// initialTail returns the share of n submissions that find no free slot: E[(M - c)+] / E[M], as a
// sum for a small M.
func initialTail(n, queues, slots int) float64 {
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

// excess returns E[(Y)+] of a normal Y.
func excess(mean, deviation float64) float64 {
	if deviation == 0 {
		return max(0, mean)
	}
	z := mean / deviation
	return deviation*math.Exp(-z*z/2)/math.Sqrt(2*math.Pi) + mean*phi(z)
}

// bisect returns the smallest value, to 1e-4, for which holds is true. holds must be false at low
// and true at high.
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

// seconds converts seconds to a duration.
func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond)
}
