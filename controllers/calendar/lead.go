package calendar

import (
	"math"
	"slices"
	"time"
)

// MinLead is the shortest warm-up that is chosen without a request: time to notice a fault and to
// repair it.
const MinLead = 300 * time.Second

// Lead returns the time before a contest at which its replicas must be ordered: twice the 95th
// percentile of the start times of the pool's pods, at least MinLead. Half of the lead is then left
// when 95 % of the pods are ready.
func Lead(starts []time.Duration) time.Duration {
	if len(starts) == 0 {
		return MinLead
	}
	sorted := slices.Sorted(slices.Values(starts))
	p95 := sorted[int(math.Ceil(0.95*float64(len(sorted))))-1]
	return max(MinLead, 2*p95)
}
