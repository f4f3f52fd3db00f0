// Package trace makes the arrival traces that autoscalers are compared on. The same name always gives the same trace.
package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Trace is a pool and what is asked of it.
type Trace struct {
	Name, About string
	Length      time.Duration
	Submissions []Submission
	// PodStart is how long a pod takes from being asked for to ready.
	PodStart time.Duration
	// Floor and Ceiling in replicas; the pool starts at its floor.
	Floor, Ceiling int
	// Slots a replica.
	Slots int
	// Target is how long a submission may wait.
	Target time.Duration
	// Fault is what is wrong with the metrics at a time; nil: never anything.
	Fault func(time.Duration) Fault
}

// Submission arrives and takes its time in a slot.
type Submission struct {
	At, Takes time.Duration
}

// Fault is a way in which metrics fail.
type Fault int

const (
	None Fault = iota
	// Missing: the source does not answer.
	Missing
	// Frozen: the source repeats with a new time what it said before.
	Frozen
	// Halved: half of the replicas do not answer.
	Halved
	// Garbage: not a number.
	Garbage
	// Zero: everything is reported as nothing.
	Zero
)

// generator draws submissions from rates, with a source of chance that is the trace's own.
type generator struct {
	chance *rand.Rand
	mean   float64
	spread float64
	out    []Submission
}

// newGenerator draws service times from a log-normal distribution with that mean in seconds; spread is the standard
// deviation of its logarithm.
func newGenerator(seed uint64, mean, spread float64) *generator {
	return &generator{chance: rand.New(rand.NewPCG(seed, 2026)), mean: mean, spread: spread}
}

func (g *generator) add(at float64) {
	takes := g.mean * math.Exp(g.spread*g.chance.NormFloat64()-g.spread*g.spread/2)
	takes = min(max(takes, 0.05), 60)
	g.out = append(g.out, Submission{seconds(at), seconds(takes)})
}

// poisson adds random arrivals at a rate a second that changes with time, by thinning those at its peak.
func (g *generator) poisson(from, to, peak float64, rate func(t float64) float64) {
	for t := from; ; {
		t += g.chance.ExpFloat64() / peak
		if t >= to {
			return
		}
		if g.chance.Float64()*peak < rate(t) {
			g.add(t)
		}
	}
}

// burst adds n arrivals, evenly spread by chance.
func (g *generator) burst(at, over float64, n int) {
	for range n {
		g.add(at + over*g.chance.Float64())
	}
}

func (g *generator) submissions() []Submission {
	slices.SortStableFunc(g.out, func(a, b Submission) int { return int(a.At - b.At) })
	return g.out
}

func constant(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// MeanService is the mean time a submission takes.
func (t Trace) MeanService() time.Duration {
	sum := time.Duration(0)
	for _, s := range t.Submissions {
		sum += s.Takes
	}
	return sum / time.Duration(max(len(t.Submissions), 1))
}
