package trace

import (
	"math"
	"time"
)

// All returns the traces in the order of the output. The seed selects the random arrivals.
//
// Unless a trace states otherwise, its pool has 8 slots per replica, 3 to 40 replicas and a target
// wait of 5 s, and the mean service time is 2 s.
func All(seed uint64) []Trace {
	makers := []func(uint64) Trace{contest, bigContest, steady, waves, flash, fastFlash, trickle, slowPods, verySlowPods, longRuns, faulty, lies, ceiling}
	traces := make([]Trace, len(makers))
	for i, make := range makers {
		traces[i] = make(seed*100 + uint64(i))
	}
	return traces
}

// pool returns a trace with the pool that All documents.
func pool(name, about string, length, podStart time.Duration, g *generator) Trace {
	return Trace{Name: name, About: about, Length: length, Submissions: g.submissions(), PodStart: podStart,
		Floor: 3, Ceiling: 40, Slots: 8, Target: 5 * time.Second}
}

func contest(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.burst(600, 2, 200)
	g.poisson(602, 4200, 2, constant(1.1))
	g.burst(4140, 60, 300)
	g.poisson(4200, 5400, 1, constant(0.1))
	return pool("contest", "a contest without a Contest: 200 submit at the start, then 1.1/s, 300 in the last minute; pods start in 3 s", 90*time.Minute, 3*time.Second, g)
}

func bigContest(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 900, 1, constant(0.5))
	g.poisson(900, 960, 33, constant(33))
	g.poisson(960, 8100, 9, constant(8))
	return pool("big-contest", "2,000 submit in the first minute, then 8/s for two hours; pods start in 20 s", 150*time.Minute, 20*time.Second, g)
}

func steady(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 3600, 15, constant(15))
	return pool("steady", "15/s for an hour from the first second; pods start in 10 s", time.Hour, 10*time.Second, g)
}

func waves(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 7200, 26, wave(20*time.Minute))
	return pool("waves", "the rate rises from 2/s to 26/s and falls back every 20 minutes; pods start in 15 s", 2*time.Hour, 15*time.Second, g)
}

func flash(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 1800, 2, constant(2))
	g.poisson(1800, 2700, 25, constant(25))
	g.poisson(2700, 5400, 2, constant(2))
	return pool("flash", "2/s, then 25/s for 15 minutes without warning; pods start in 10 s", 90*time.Minute, 10*time.Second, g)
}

func fastFlash(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 1200, 1, constant(1))
	g.poisson(1200, 1800, 40, constant(40))
	g.poisson(1800, 3600, 1, constant(1))
	return pool("fast-flash", "1/s, then 40/s for 10 minutes without warning; pods start in 5 s", time.Hour, 5*time.Second, g)
}

func trickle(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 7200, 1, constant(0.05))
	t := pool("trickle", "one submission every 20 s on average; the floor is 1; pods start in 10 s", 2*time.Hour, 10*time.Second, g)
	t.Floor = 1
	return t
}

func slowPods(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 7200, 26, wave(30*time.Minute))
	return pool("slow-pods", "the rate rises from 2/s to 26/s and falls back every 30 minutes; pods start in 60 s", 2*time.Hour, time.Minute, g)
}

func verySlowPods(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 14400, 24, func(t float64) float64 { return 2 + 22*math.Min(t, 14400-t)/7200 })
	return pool("very-slow-pods", "the rate rises from 2/s to 24/s in two hours and falls back; pods start in 10 minutes", 4*time.Hour, 10*time.Minute, g)
}

func longRuns(seed uint64) Trace {
	g := newGenerator(seed, 8, 1)
	g.poisson(0, 7200, 8, func(t float64) float64 {
		if t > 1800 && t < 5400 {
			return 8
		}
		return 1
	})
	return pool("long-runs", "1/s, for an hour 8/s; mean service time 8 s, at most a minute; pods start in 10 s", 2*time.Hour, 10*time.Second, g)
}

func faulty(seed uint64) Trace {
	t := waves(seed)
	t.Name, t.About = "faulty-metrics", "waves; one sample in ten is missing, and every five minutes, for 20 s, half of the replicas do not answer, the source repeats its last answer, or it answers NaN"
	t.Fault = func(at time.Duration) Fault {
		second := int(at / time.Second)
		if second%300 < 20 {
			return []Fault{Halved, Frozen, Garbage}[second/300%3]
		}
		if second%10 == 7 {
			return Missing
		}
		return None
	}
	return t
}

func lies(seed uint64) Trace {
	t := flash(seed)
	t.Name, t.About = "lying-metrics", "flash; the metrics are 0 from minute 31 to 33 and missing from minute 36 to 42"
	t.Fault = func(at time.Duration) Fault {
		switch {
		case at >= 31*time.Minute && at < 33*time.Minute:
			return Zero
		case at >= 36*time.Minute && at < 42*time.Minute:
			return Missing
		}
		return None
	}
	return t
}

func ceiling(seed uint64) Trace {
	g := newGenerator(seed, 2, 0.5)
	g.poisson(0, 1200, 2, constant(2))
	g.poisson(1200, 2400, 45, constant(45))
	g.poisson(2400, 4800, 2, constant(2))
	t := pool("ceiling", "2/s, then 45/s for 20 minutes; the ceiling is 10; pods start in 10 s", 80*time.Minute, 10*time.Second, g)
	t.Ceiling = 10
	return t
}

// wave returns a rate that varies between 2/s and 26/s as a cosine with the given period.
func wave(period time.Duration) func(float64) float64 {
	return func(t float64) float64 { return 14 - 12*math.Cos(2*math.Pi*t/period.Seconds()) }
}
