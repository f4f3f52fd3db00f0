package main

import (
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/optimum"
	"executorpool.dev/simulate/trace"
)

// figures is the result of one contender on one trace. Queue waits are in seconds.
type figures struct {
	Name               string
	P50, P95, P99, Max float64
	OverTarget         float64 // share of the submissions that wait longer than the target
	ReplicaHours       float64
	OverHeld, OverFree float64 // ReplicaHours divided by the bounds
	Peak, Turns        int
	waits              []time.Duration
}

// comparison holds the figures of all contenders on one trace.
type comparison struct {
	Trace, About string
	Submissions  int
	TargetWait   float64
	// HeldHours and FreeHours are the lower bounds of package optimum, in replica-hours.
	HeldHours, FreeHours float64
	Remarks              []string
	Figures              []figures
}

// impossible reports whether no autoscaler without knowledge of future arrivals can keep p95 within
// the target.
func (r comparison) impossible() bool { return r.of(atOnce).P95 > r.TargetWait }

// of returns the figures of the contender with the given name.
func (r comparison) of(name string) figures {
	return r.Figures[slices.IndexFunc(r.Figures, func(f figures) bool { return f.Name == name })]
}

// play plays the trace against every contender.
func play(t trace.Trace) comparison {
	r := comparison{Trace: t.Name, About: t.About, Submissions: len(t.Submissions), TargetWait: t.Target.Seconds(),
		HeldHours: optimum.Held(t, stabilization) / 3600, FreeHours: optimum.Free(t) / 3600}
	for _, c := range contenders {
		result := fleet.Play(t, c.make(t))
		f := summarize(c.name, result.Waits, t.Target)
		f.ReplicaHours, f.Peak, f.Turns = result.ReplicaSeconds/3600, result.Peak, result.Turns
		f.OverHeld, f.OverFree = f.ReplicaHours/r.HeldHours, f.ReplicaHours/r.FreeHours
		r.Figures = append(r.Figures, f)
	}
	r.Remarks = remarks(r)
	return r
}

// summarize returns the figures of the waits.
func summarize(name string, waits []time.Duration, target time.Duration) figures {
	over := 0
	for _, w := range waits {
		if w > target {
			over++
		}
	}
	s := sorted(waits)
	return figures{Name: name, P50: quantile(s, 0.5), P95: quantile(s, 0.95), P99: quantile(s, 0.99), Max: quantile(s, 1), OverTarget: float64(over) / float64(max(len(waits), 1)), waits: waits}
}

// sorted returns the waits in seconds, in rising order.
func sorted(waits []time.Duration) []float64 {
	seconds := make([]float64, len(waits))
	for i, w := range waits {
		seconds[i] = w.Seconds()
	}
	slices.Sort(seconds)
	return seconds
}

// quantile returns the wait in seconds that the given share of the waits does not exceed; 0 without
// waits.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return stat.Quantile(share, stat.Empirical, sorted, nil)
}

// total returns the figures over all traces in which the target is possible: the quantiles of all
// waits together, and the sums of hours and turns.
func total(comparisons []comparison) comparison {
	sum := comparison{Trace: "all"}
	waits := map[string][]time.Duration{}
	comparisons = slices.DeleteFunc(slices.Clone(comparisons), comparison.impossible)
	sum.About = fmt.Sprintf("the %d traces in which p95 within the target is possible, all submissions together", len(comparisons))
	for _, r := range comparisons {
		sum.Submissions += r.Submissions
		sum.TargetWait = r.TargetWait
		sum.HeldHours += r.HeldHours
		sum.FreeHours += r.FreeHours
		for _, f := range r.Figures {
			waits[f.Name] = append(waits[f.Name], f.waits...)
		}
	}
	for i, c := range contenders {
		f := summarize(c.name, waits[c.name], time.Duration(sum.TargetWait*float64(time.Second)))
		for _, r := range comparisons {
			f.ReplicaHours += r.Figures[i].ReplicaHours
			f.Peak = max(f.Peak, r.Figures[i].Peak)
			f.Turns += r.Figures[i].Turns
		}
		f.OverHeld, f.OverFree = f.ReplicaHours/sum.HeldHours, f.ReplicaHours/sum.FreeHours
		sum.Figures = append(sum.Figures, f)
	}
	return sum
}
