package capacity

import (
	"math"
	"time"
)

// SteadyWait is the wait that 95 of 100 submissions of the steady state are expected not to exceed; ok is false when the
// slots do not suffice for what comes, and the queue grows without end.
func SteadyWait(l Load, p Pool, replicas int) (wait time.Duration, ok bool) {
	queues, slots := p.groups(replicas)
	busy := l.offered() / float64(queues)
	if busy >= float64(slots) {
		return 0, false
	}
	if late(l.Service, slots, busy, 0) <= tail {
		return 0, true
	}
	high := l.Service.Mean.Seconds()
	for late(l.Service, slots, busy, high) > tail {
		high *= 2
	}
	return seconds(bisect(0, high, func(t float64) bool { return late(l.Service, slots, busy, t) <= tail })), true
}

// steadyLate is the share of steady submissions that wait longer than target; 1 when the slots do not suffice.
func steadyLate(l Load, p Pool, replicas int, target time.Duration) float64 {
	queues, slots := p.groups(replicas)
	busy := l.offered() / float64(queues)
	if busy >= float64(slots) {
		return 1
	}
	return late(l.Service, slots, busy, target.Seconds())
}

// grid is into how many steps a wait is cut.
const grid = 200

// late is P(W > t) in a queue with c slots of which a are busy on average.
//
// Who comes waits with probability C(c, a) (Erlang 1917), and then for the first of c running services to end, and for K
// more at c times the speed of one slot, K geometric with ratio ρ = a/c. What is left of a running service has the
// equilibrium distribution G. So, given that it waits (Tijms, A First Course in Stochastic Models, 2003, section 9.6.2),
//
//	W = V + R₁/c + ... + R_K/c,   P(V <= t) = 1 - (1 - G(t))^c,   P(R <= t) = G(t)
//
// which is exact for exponential services, where it is C·exp(-(c - a)t/S). The sum over K is the renewal equation
// h = (1-ρ) + ρ·(R/c)∗h, solved on a grid. Where few services take most of the time, one of them holds up one slot and not
// the queue, and time is stretched by Whitt's correction. What is left of the error is on the long side, and largest (a
// third) where the wait is a fraction of a service.
func late(s Service, slots int, busy, t float64) float64 {
	delayed := erlangC(slots, busy)
	if delayed <= tail || t <= 0 {
		return delayed
	}
	c, utilisation := float64(slots), busy/float64(slots)
	step := t / s.manySlots(c, utilisation) / grid
	// mass[i] of R/c lies between the steps i-1 and i, and counts half at each of them.
	var mass, more [grid + 1]float64
	for i := 1; i <= grid; i++ {
		m := s.residual(float64(i)*step*c) - s.residual(float64(i-1)*step*c)
		mass[i-1] += m / 2
		mass[i] += m / 2
	}
	for i := range more {
		if i == 0 {
			more[0] = 1 - utilisation
		}
		for j := 1; j <= i; j++ {
			more[i] += utilisation * mass[j] * more[i-j]
		}
		more[i] /= 1 - utilisation*mass[0]
	}
	// within is P(V + the others <= t).
	first := func(t float64) float64 { return 1 - math.Pow(1-s.residual(t), c) }
	within := 0.0
	for i, m := range more {
		within += m * first(float64(grid-i)*step)
	}
	return delayed * max(0, 1-within)
}

// manySlots is by what many slots shorten the waits of services that vary more than exponential ones: φ(ρ, 1, scv, c) of
// Whitt, Approximations for the GI/G/m queue, Production and Operations Management 2(2), 1993, equations 2.16 to 2.25.
func (s Service) manySlots(c, utilisation float64) float64 {
	if s.SCV <= 1 {
		return 1
	}
	gamma := min(0.24, (1-utilisation)*(c-1)*(math.Sqrt(4+5*c)-2)/(16*c*utilisation))
	limit := (1 - 4*gamma) * math.Exp(-2*(1-utilisation)/(3*utilisation))
	return ((s.SCV-1)*limit + s.SCV + 3) / (2 + 2*s.SCV)
}

// erlangC is the share of submissions that find all slots busy, when busy of them are on average; busy < slots. From
// Erlang B by B(n) = aB(n-1) / (n + aB(n-1)).
func erlangC(slots int, busy float64) float64 {
	blocked := 1.0
	for n := 1; n <= slots; n++ {
		blocked = busy * blocked / (float64(n) + busy*blocked)
	}
	utilisation := busy / float64(slots)
	return blocked / (1 - utilisation*(1-blocked))
}
