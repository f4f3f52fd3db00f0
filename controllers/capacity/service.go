package capacity

import (
	"math"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// Service is the distribution of the service time.
//
// Two numbers determine it: a gamma distribution up to the variability of the exponential
// distribution, an SCV of 1, and a lognormal distribution above. Measured service times are often
// lognormal (Brown et al., Statistical analysis of a telephone call center, JASA 2005).
type Service struct {
	// Mean is the mean service time, above 0.
	Mean time.Duration
	// SCV is the squared coefficient of variation, variance / mean²: 0 for a constant, 1 for an
	// exponential distribution, above 1 if few submissions take most of the time.
	SCV float64
}

// sum returns the probability that n services together take at most t seconds. A sum of gamma times
// is gamma distributed. A sum of lognormal times is approximated as lognormal with the same mean
// and variance (Fenton-Wilkinson).
func (s Service) sum(n, t float64) float64 {
	mean := s.Mean.Seconds()
	switch {
	case t <= 0:
		return 0
	case s.SCV == 0:
		// The tolerance is for the rounding error of a wait of exactly n services.
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

// residual returns the probability that a service which runs at a random instant ends within t
// seconds: E[min(S, t)] / E[S].
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

// renewals returns the mean and the variance of the number D of services that a slot without idle
// time ends within t seconds. D >= n if and only if n services together take at most t, so
//
//	E[D] = Σ P(D >= n),   E[D²] = Σ (2n-1) P(D >= n)
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

// phi returns the standard normal distribution function at z.
func phi(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
