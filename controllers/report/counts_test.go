package report

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"executorpool.dev/executor/api"
)

// TestWaitsAgreeWithLoadTool compares quantiles from buckets with those of the waits themselves.
func TestWaitsAgreeWithLoadTool(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() time.Duration{
		"burst that drains": func() time.Duration { return time.Duration(r.Float64() * float64(5*time.Second)) },
		"exponential":       func() time.Duration { return time.Duration(r.ExpFloat64() * float64(800*time.Millisecond)) },
		"heavy tail": func() time.Duration {
			return time.Duration(math.Pow(1-r.Float64(), -0.5) * float64(50*time.Millisecond))
		},
		"all alike": func() time.Duration { return 1234 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{200, 5000} {
				var waits []time.Duration
				c := Counts{}
				for range n {
					w := draw()
					waits = append(waits, w)
					c[waited+strconv.Itoa(api.WaitBucket(w))]++
				}
				slices.SortFunc(waits, cmp.Compare[time.Duration])
				for _, share := range []float64{0.50, 0.95, 0.99} {
					want, got := waits[int(math.Ceil(share*float64(n)))-1], c.wait(share)
					if off := float64(got)/float64(want) - 1; math.Abs(off) > 0.05 {
						t.Errorf("p%.0f of %d waits is %v, want %v within 5 %%", 100*share, n, got, want)
					}
				}
			}
		})
	}
	for _, share := range []float64{0.5, 0.99} {
		if got := (Counts{waited + "0": 100}).wait(share); got != 0 {
			t.Errorf("p%.0f of submissions that found a free slot is %v, want 0", 100*share, got)
		}
	}
	if got := (Counts{}).wait(0.95); got != 0 {
		t.Errorf("p95 of nothing is %v", got)
	}
}
