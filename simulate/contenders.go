package main

import (
	"math"
	"time"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/hpa"
	"executorpool.dev/simulate/kpa"
	"executorpool.dev/simulate/trace"
)

// stabilization is the stabilization window of the pool's autoscaler and of the bound "held".
const stabilization = 5 * time.Minute

// contender is an autoscaler with a name. make returns a new one for a trace.
type contender struct {
	name string
	make func(trace.Trace) fleet.Autoscaler
}

const (
	// ownName is the name of the autoscaler of the pools.
	ownName = "executorpool"
	// atOnce is the name of ceilingAtOnce.
	atOnce = "ceiling-at-once"
)

// contenders are the autoscalers in the order of the table. The targets of the other autoscalers
// are those that fit the pool best: for waiting submissions, the number that a replica starts
// within the target wait; for waiting and running submissions, the slots of a replica.
var contenders = []contender{
	{ownName, func(t trace.Trace) fleet.Autoscaler { return &own{trace: t} }},
	{"hpa-queue", func(t trace.Trace) fleet.Autoscaler {
		return &hpa.HPA{Min: max(t.Floor, 1), Max: t.Ceiling, Target: float64(t.Slots) * t.Target.Seconds() / t.MeanService().Seconds(),
			Metric: func(v fleet.View) float64 { return float64(v.Waiting) }}
	}},
	{"hpa-work", func(t trace.Trace) fleet.Autoscaler {
		return &hpa.HPA{Min: max(t.Floor, 1), Max: t.Ceiling, Target: float64(t.Slots),
			Metric: func(v fleet.View) float64 { return float64(v.Waiting + v.Busy) }}
	}},
	{"kpa", func(t trace.Trace) fleet.Autoscaler {
		return &kpa.KPA{Min: max(t.Floor, 1), Max: t.Ceiling, Concurrency: float64(t.Slots)}
	}},
	{"fixed-3", func(trace.Trace) fleet.Autoscaler { return fixed(3) }},
	{"fixed-10", func(trace.Trace) fleet.Autoscaler { return fixed(10) }},
	{atOnce, func(t trace.Trace) fleet.Autoscaler { return &ceilingAtOnce{trace: t} }},
}

// fixed is a constant number of replicas.
type fixed int

func (fixed) Period() time.Duration     { return time.Minute }
func (f fixed) Replicas(fleet.View) int { return int(f) }

// ceilingAtOnce requests the ceiling while submissions wait or more slots are busy than the floor
// has, and for one stabilization window after that. Before the first sign of a queue it holds the
// floor. A submission that waits longer than the target with ceilingAtOnce does so with every
// autoscaler that does not know future arrivals and holds at most the floor without load.
type ceilingAtOnce struct {
	trace trace.Trace
	// until is when the pool returns to the floor.
	until time.Duration
}

func (*ceilingAtOnce) Period() time.Duration { return time.Second }

func (c *ceilingAtOnce) Replicas(v fleet.View) int {
	if v.Waiting > 0 || v.Busy > c.trace.Floor*c.trace.Slots {
		c.until = v.Now + stabilization
	}
	if v.Now < c.until {
		return c.trace.Ceiling
	}
	return c.trace.Floor
}

// own is the autoscaler of the pools. Like the manager, it samples the fleet each second and calls
// autoscale.Decide.
type own struct {
	trace  trace.Trace
	state  autoscale.State
	sample autoscale.Sample
}

// epoch is the time at which every trace begins.
var epoch = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func (*own) Period() time.Duration { return time.Second }

func (o *own) Replicas(v fleet.View) int {
	now := epoch.Add(v.Now)
	o.takeSample(v, now)
	decision := autoscale.Decide(autoscale.Input{
		Now: now,
		Policy: autoscale.Policy{
			Replicas: int32(o.trace.Floor), Floor: int32(o.trace.Floor), Ceiling: int32(o.trace.Ceiling), SlotsPerReplica: int32(o.trace.Slots),
			TargetWait: o.trace.Target, Stabilization: stabilization,
		},
		Fleet:  autoscale.Fleet{SpecReplicas: int32(v.SpecReplicas), ReadyReplicas: int32(v.Ready), PodStart: o.trace.PodStart},
		Sample: o.sample,
		State:  o.state,
	})
	o.state = decision.State
	return int(decision.Replicas)
}

// takeSample updates the sample as the fault of the view allows.
func (o *own) takeSample(v fleet.View, now time.Time) {
	s := autoscale.Sample{
		Time: now, Asked: int32(v.Ready), Answered: int32(v.Ready),
		Waiting: float64(v.Waiting), Busy: float64(v.Busy), Slots: float64(v.Ready * o.trace.Slots),
		Counters: autoscale.Counters{Known: true, Arrived: float64(v.Arrived), Finished: float64(v.Finished),
			ServiceSeconds: v.ServiceSeconds, Gone: float64(v.Gone)},
	}
	switch v.Fault {
	case trace.Missing:
		o.sample.Failure = "the source does not answer"
		return
	case trace.Frozen:
		o.sample.Time = now
		return
	case trace.Halved:
		s.Answered /= 2
		s.Waiting, s.Busy = math.Floor(s.Waiting/2), math.Floor(s.Busy/2)
	case trace.Garbage:
		s.Waiting = math.NaN()
	case trace.Zero:
		s.Waiting, s.Busy, s.Counters = 0, 0, autoscale.Counters{Known: true}
	}
	o.sample = s
}
