package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Trace is a pool and the submissions that arrive at it.
type Trace struct {
	// About describes the trace in the output.
	Name, About string
	Length      time.Duration
	// Submissions are in order of arrival.
	Submissions []Submission
	// PodStart is the time from the order for a replica to its readiness.
	PodStart time.Duration
	// Floor and Ceiling are the lowest and the highest number of replicas. The trace begins with
	// Floor replicas.
	Floor, Ceiling int
	// Slots is the number of slots of a replica.
	Slots int
	// Target is the target wait.
	Target time.Duration
	// Fault returns the fault of the metrics at a time since the beginning. nil means no fault at any
	// time.
	Fault func(time.Duration) Fault
}

// Submission is one arrival.
type Submission struct {
	// At is the time of arrival since the beginning, Service the service time.
	At, Service time.Duration
}

// Fault is a fault of the metrics that autoscalers read.
type Fault int

const (
	// None: the metrics are correct.
	None Fault = iota
	// Missing: the source does not answer.
	Missing
	// Frozen: the source repeats its last answer with a new time.
	Frozen
	// Halved: half of the replicas do not answer.
	Halved
	// Garbage: the source answers NaN.
	Garbage
	// Zero: the source answers 0 for every number.
	Zero
)

// generator draws submissions at given rates from a seeded random source.
type generator struct {
	random *rand.Rand
	mean   float64
	sigma  float64
	out    []Submission
}

// newGenerator returns a generator whose service times have a lognormal distribution with the given
// mean in seconds. sigma is the standard deviation of the logarithm.
func newGenerator(seed uint64, mean, sigma float64) *generator {
	return &generator{random: rand.New(rand.NewPCG(seed, 2026)), mean: mean, sigma: sigma}
}

// add adds a submission. Its service time is clamped to 0.05 to 60 s.
func (g *generator) add(at float64) {
	service := g.mean * math.Exp(g.sigma*g.random.NormFloat64()-g.sigma*g.sigma/2)
	service = min(max(service, 0.05), 60)
	g.out = append(g.out, Submission{seconds(at), seconds(service)})
}

// poisson adds arrivals of a Poisson process with a variable rate per second, which is at most
// peak, by thinning (Lewis and Shedler, 1979). from and to are in seconds.
func (g *generator) poisson(from, to, peak float64, rate func(t float64) float64) {
	for t := from; ; {
		t += g.random.ExpFloat64() / peak
		if t >= to {
			return
		}
		if g.random.Float64()*peak < rate(t) {
			g.add(t)
		}
	}
}

// burst adds n arrivals at times that are uniform in the seconds from at to at + over.
func (g *generator) burst(at, over float64, n int) {
	for range n {
		g.add(at + over*g.random.Float64())
	}
}

func (g *generator) submissions() []Submission {
	slices.SortStableFunc(g.out, func(a, b Submission) int { return int(a.At - b.At) })
	return g.out
}

func constant(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// MeanService returns the mean service time.
func (t Trace) MeanService() time.Duration {
	sum := time.Duration(0)
	for _, s := range t.Submissions {
		sum += s.Service
	}
	return sum / time.Duration(max(len(t.Submissions), 1))
}
