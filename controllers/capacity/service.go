package capacity

import (
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Service is for how long submissions hold a slot.
//
// Two numbers make a distribution: a gamma distribution up to the variability of the exponential, which is one, and a
// lognormal one above it. Times of one kind of people's work are found lognormal again and again (Brown et al., Statistical
// analysis of a telephone call center, JASA 2005).
type Service struct {
	// Mean time; above 0.
	Mean time.Duration
	// SCV is the squared coefficient of variation, variance / mean²: 0 when all take the same time, 1 when times are
	// exponential, above 1 when few take most of the time.
	SCV float64
}

// sum is the probability that n services together take at most t seconds. Gamma times add up to gamma times; the sum of
// lognormal ones is taken as lognormal with its own mean and variance (Fenton-Wilkinson).
func (s Service) sum(n, t float64) float64 {
	mean := s.Mean.Seconds()
	switch {
	case t <= 0:
		return 0
	case s.SCV == 0:
		// A wait of exactly n services must not be missed for the rounding of a division.
		if t/mean < n-1e-9 {
			return 0
		}
		return 1
	case s.SCV <= 1:
		return mathext.GammaIncReg(n/s.SCV, t/(mean*s.SCV))
	}
	spread := math.Log1p(s.SCV / n)
	return phi((math.Log(t/(n*mean)) + spread/2) / math.Sqrt(spread))
}

// residual is the probability that a service which is under way at a moment picked at random ends within t seconds:
// E[min(S, t)] / E[S].
func (s Service) residual(t float64) float64 {
	mean := s.Mean.Seconds()
	switch {
	case t <= 0:
		return 0
	case s.SCV == 0:
		return min(1, t/mean)
	case s.SCV <= 1:
		return mathext.GammaIncReg(1/s.SCV+1, t/(mean*s.SCV)) + t/mean*(1-s.sum(1, t))
	}
	spread := math.Log1p(s.SCV)
	return phi((math.Log(t/mean)-spread/2)/math.Sqrt(spread)) + t/mean*(1-s.sum(1, t))
}

// renewals are mean and variance of how many services one slot ends within t seconds, when it is never idle. At least n end
// exactly when n together take no longer: E[D] = Σ P(D >= n) and E[D²] = Σ (2n-1) P(D >= n).
func (s Service) renewals(t float64) (mean, variance float64) {
	if t <= 0 {
		return 0, 0
	}
	ratio := t / s.Mean.Seconds()
	var square float64
	for n := 1.0; ; n++ {
		atLeast := s.sum(n, t)
		mean += atLeast
		square += (2*n - 1) * atLeast
		if n > ratio && atLeast < 1e-9 {
			return mean, max(0, square-mean*mean)
		}
	}
}

// phi is the normal distribution function.
func phi(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
