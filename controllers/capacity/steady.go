package capacity

import (
	"math"
	"time"
)

// steadyTail returns the share of submissions in the steady state that wait longer than target; 1
// if the slots do not suffice.
func steadyTail(l Load, p Pool, replicas int, target time.Duration) float64 {
	queues, slots := p.groups(replicas)
	busy := l.offered() / float64(queues)
	if busy >= float64(slots) {
		return 1
	}
	return tailOf(l.Service, slots, busy, target.Seconds())
}

// grid is the number of steps into which a wait is divided.
const grid = 200

// tailOf returns P(W > t), the probability of a queue wait above t seconds, in a queue with c slots
// of which a are busy on average.
//
// A submission waits with probability C(c, a) (Erlang 1917): for the first of c running services to
// end, and for K more at c times the speed of one slot, where K is geometric with ratio ρ = a/c.
// The remainder of a running service has the equilibrium distribution G. Given that a submission
// waits (Tijms, A First Course in Stochastic Models, 2003, section 9.6.2),
//
//	W = V + R₁/c + ... + R_K/c,   P(V <= t) = 1 - (1 - G(t))^c,   P(R <= t) = G(t)
//
// which is exact for exponential services, where it is C·exp(-(c - a)t/S). The sum over K is the
// renewal equation h = (1-ρ) + ρ·(R/c)∗h, solved on a grid. If few services take most of the time,
// a long service blocks one slot and not the queue; Whitt's correction accounts for that. The
// remaining error overestimates the wait, by at most a third, where the wait is a fraction of a
// service.
func tailOf(s Service, slots int, busy, t float64) float64 {
	delayed := erlangC(slots, busy)
	if delayed <= tailShare || t <= 0 {
		return delayed
	}
	c, utilization := float64(slots), busy/float64(slots)
	step := t / s.manySlotsFactor(c, utilization) / grid
	// The probability of R/c between the steps i-1 and i counts half at each of them.
	var mass, more [grid + 1]float64
	for i := 1; i <= grid; i++ {
		m := s.residual(float64(i)*step*c) - s.residual(float64(i-1)*step*c)
		mass[i-1] += m / 2
		mass[i] += m / 2
	}
	for i := range more {
		if i == 0 {
			more[0] = 1 - utilization
		}
		for j := 1; j <= i; j++ {
			more[i] += utilization * mass[j] * more[i-j]
		}
		more[i] /= 1 - utilization*mass[0]
	}
	// within is P(V + R₁/c + ... + R_K/c <= t).
	first := func(t float64) float64 { return 1 - math.Pow(1-s.residual(t), c) }
	within := 0.0
	for i, m := range more {
		within += m * first(float64(grid-i)*step)
	}
	return delayed * max(0, 1-within)
}

// manySlotsFactor returns the factor by which many slots shorten the waits of services that vary
// more than exponential ones: φ(ρ, 1, scv, c) of Whitt, Approximations for the GI/G/m queue,
// Production and Operations Management 2(2), 1993, equations 2.16 to 2.25.
func (s Service) manySlotsFactor(c, utilization float64) float64 {
	if s.SCV <= 1 {
		return 1
	}
	gamma := min(0.24, (1-utilization)*(c-1)*(math.Sqrt(4+5*c)-2)/(16*c*utilization))
	limit := (1 - 4*gamma) * math.Exp(-2*(1-utilization)/(3*utilization))
	return ((s.SCV-1)*limit + s.SCV + 3) / (2 + 2*s.SCV)
}
