// Package hpa is the algorithm of Kubernetes' HorizontalPodAutoscaler with its default behaviour, for a metric with a target
// average a pod. It follows the public documentation, Horizontal Pod Autoscaling (kubernetes.io/docs/concepts/workloads/
// autoscaling/horizontal-pod-autoscale), and is tested against that page's and KEP-853's worked examples.
//
// It is kinder than the real one: it sees the metric as it is at the moment, without a scrape interval or an adapter's delay.
package hpa

import (
	"math"
	"time"

	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/trace"
)

const (
	// Period is how often it looks.
	Period = 15 * time.Second
	// Tolerance is the deviation from the target within which it does nothing.
	Tolerance = 0.1
	// Stabilization is over how long it looks back for the highest recommendation before it scales down.
	Stabilization = 5 * time.Minute
	// In each period it adds 4 pods or as many as there are, whichever is more. There is no limit for removing.
	addPods, addShare = 4, 1.0
)

// HPA scales on a metric's average a pod.
type HPA struct {
	// Target is the average a pod that it aims at.
	Target float64
	// Metric is the sum over the pods.
	Metric   func(fleet.View) float64
	Min, Max int

	recommendations []recommendation
	frozen          float64
}

type recommendation struct {
	at       time.Duration
	replicas int
}

// Period is 15 s.
func (*HPA) Period() time.Duration { return Period }

// Replicas decides. Without a metric it does nothing.
func (h *HPA) Replicas(v fleet.View) int {
	sum := h.Metric(v)
	switch v.Fault {
	case trace.Missing, trace.Garbage, trace.Halved:
		return v.Written
	case trace.Frozen:
		sum = h.frozen
	case trace.Zero:
		sum = 0
	}
	h.frozen = sum
	desired := min(max(Desired(v.Written, sum/float64(max(v.Written, 1)), h.Target), h.Min), h.Max)
	return h.stabilize(v.Now, v.Written, desired)
}

// Desired is ceil(current x value/target), or current when the two are within the tolerance.
func Desired(current int, value, target float64) int {
	ratio := value / target
	if math.Abs(ratio-1) <= Tolerance {
		return current
	}
	return int(math.Ceil(float64(current)*ratio - 1e-9))
}

// stabilize takes the highest recommendation of the window on the way down, and the rate limit on the way up.
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

// Limit is how many replicas there may be at the end of a period.
func Limit(current int) int {
	return max(current+addPods, int(math.Ceil(float64(current)*(1+addShare))))
}
