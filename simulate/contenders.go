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

const stabilization = 5 * time.Minute

// contender is an autoscaler with a name; make makes one for a trace.
type contender struct {
	name string
	make func(trace.Trace) fleet.Autoscaler
}

const (
	ours = "executorpool"
	// atOnce is not a rule to use, but the shortest waits without foresight.
	atOnce = "ceiling-at-once"
)

// contenders in the order of the table. The peers' targets are those a careful user would set: for the queue as much as a
// replica clears within the target wait, for the work in hand as much as a replica has slots.
var contenders = []contender{
	{ours, func(t trace.Trace) fleet.Autoscaler { return &own{trace: t} }},
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
	{atOnce, func(t trace.Trace) fleet.Autoscaler { return &prompt{trace: t} }},
}

type fixed int

func (fixed) Period() time.Duration     { return time.Minute }
func (f fixed) Replicas(fleet.View) int { return int(f) }

// prompt is as good as a rule can be that does not know the future: at the first sign of a queue it asks for the ceiling,
// and it lets go when the floor's slots have been enough for a stabilisation window. What waits too long with it waits too
// long with every rule that holds no more than the floor before the queue shows.
type prompt struct {
	trace trace.Trace
	until time.Duration
}

func (*prompt) Period() time.Duration { return time.Second }

func (p *prompt) Replicas(v fleet.View) int {
	if v.Waiting > 0 || v.Busy > p.trace.Floor*p.trace.Slots {
		p.until = v.Now + stabilization
	}
	if v.Now < p.until {
		return p.trace.Ceiling
	}
	return p.trace.Floor
}

// own plays the manager: each second it samples the fleet and asks autoscale.Decide, the very code that the manager runs.
type own struct {
	trace  trace.Trace
	state  autoscale.State
	sample autoscale.Sample
	// last is the last decision.
	last autoscale.Decision
}

// epoch is when traces begin.
var epoch = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func (*own) Period() time.Duration { return time.Second }

func (o *own) Replicas(v fleet.View) int {
	now := epoch.Add(v.Now)
	o.look(v, now)
	o.last = autoscale.Decide(autoscale.Input{
		Now: now,
		Policy: autoscale.Policy{
			Replicas: int32(o.trace.Floor), Floor: int32(o.trace.Floor), Ceiling: int32(o.trace.Ceiling), SlotsPerReplica: int32(o.trace.Slots),
			TargetWait: o.trace.Target, Stabilization: stabilization,
		},
		Fleet:  autoscale.Fleet{SpecReplicas: int32(v.Written), ReadyReplicas: int32(v.Ready), PodStart: o.trace.PodStart},
		Sample: o.sample,
		State:  o.state,
	})
	o.state = o.last.State
	return int(o.last.Replicas)
}

func (o *own) look(v fleet.View, now time.Time) {
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
