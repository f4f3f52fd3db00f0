package calendar

import (
	"math"
	"slices"
	"time"
)

// LeastLead is the shortest warm-up that is taken without being asked for: time enough to see that something is wrong and
// to mend it.
const LeastLead = 300 * time.Second

// Lead is how long before a contest its replicas must be asked for, from how long a pool's pods took from their creation
// to being ready: twice their 95th percentile, so that half of it is left when a contest's pods are ready, and at least
// LeastLead.
func Lead(starts []time.Duration) time.Duration {
	if len(starts) == 0 {
		return LeastLead
	}
	sorted := slices.Sorted(slices.Values(starts))
	p95 := sorted[int(math.Ceil(0.95*float64(len(sorted))))-1]
	return max(LeastLead, 2*p95)
}
