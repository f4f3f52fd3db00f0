package calendar

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
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
	sorted := make([]float64, len(starts))
	for i, start := range starts {
		sorted[i] = float64(start)
	}
	slices.Sort(sorted)
	p95 := time.Duration(stat.Quantile(0.95, stat.Empirical, sorted, nil))
	return max(MinLead, 2*p95)
}
