package hpa

import (
	"math"
	"time"

	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/trace"
)

const (
	// Period is the time between two decisions (--horizontal-pod-autoscaler-sync-period).
	Period = 15 * time.Second
	// Tolerance is the largest relative deviation from the target that changes nothing.
	Tolerance = 0.1
	// Stabilization is the stabilization window for scaling down: the highest recommendation in it
	// applies.
	Stabilization = 5 * time.Minute
	// addPods and addShare limit scaling up: in each period by 4 pods or by 100 % of the pods,
	// whichever is more. Scaling down has no limit.
	addPods, addShare = 4, 1.0
)

// HPA scales on the average of a metric over the pods.
type HPA struct {
	// Target is the desired average per pod.
	Target float64
	// Metric returns the sum of the metric over the pods.
	Metric func(fleet.View) float64
	// Min and Max are minReplicas and maxReplicas.
	Min, Max int

	recommendations []recommendation
	// frozen is the last correct value of the metric.
	frozen float64
}

// recommendation is the desired number of replicas at one time, before the stabilization window.
type recommendation struct {
	at       time.Duration
	replicas int
}

// Period returns 15 s.
func (*HPA) Period() time.Duration { return Period }

// Replicas returns the desired replicas. Without a metric it returns the current ones.
func (h *HPA) Replicas(v fleet.View) int {
	sum := h.Metric(v)
	switch v.Fault {
	case trace.Missing, trace.Garbage, trace.Halved:
		return v.SpecReplicas
	case trace.Frozen:
		sum = h.frozen
	case trace.Zero:
		sum = 0
	}
	h.frozen = sum
	desired := min(max(Desired(v.SpecReplicas, sum/float64(max(v.SpecReplicas, 1)), h.Target), h.Min), h.Max)
	return h.stabilize(v.Now, v.SpecReplicas, desired)
}

// Desired returns ceil(current x value/target), or current if value/target deviates from 1 by at
// most Tolerance.
func Desired(current int, value, target float64) int {
	ratio := value / target
	if math.Abs(ratio-1) <= Tolerance {
		return current
	}
	return int(math.Ceil(float64(current)*ratio - 1e-9))
}

// stabilize returns the highest recommendation of the window if replicas are to be removed, and
// limits the replicas that are added.
func (h *HPA) stabilize(now time.Duration, current, desired int) int {
	h.recommendations = append(h.recommendations, recommendation{now, desired})
	highest, kept := desired, h.recommendations[:0]
	for _, r := range h.recommendations {
		if now-r.at < Stabilization {
			kept = append(kept, r)
			highest = max(highest, r.replicas)
		}
	}
	h.recommendations = kept
	if desired >= current {
		return min(desired, Limit(current))
	}
	return min(highest, current)
}

// Limit returns the highest number of replicas at the end of a period.
func Limit(current int) int {
	return max(current+addPods, int(math.Ceil(float64(current)*(1+addShare))))
}
