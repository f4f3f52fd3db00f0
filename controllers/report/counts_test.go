package report

import (
	stdcmp "cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
				slices.SortFunc(waits, stdcmp.Compare[time.Duration])
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

// TestCountsHaveClosedNames counts the rejections of a false executor that names other reasons in
// each answer. The ledger, and with it the checkpoint in the contest's status, must not grow.
func TestCountsHaveClosedNames(t *testing.T) {
	l := New(time.Unix(0, 0))
	for process := range 2000 {
		at := time.Unix(int64(process+1), 0)
		totals := api.Totals{Process: strconv.Itoa(process), UptimeMillis: 1, Rejections: map[string]uint64{api.ReasonQueueFull: 1}}
		for i := range 31 {
			totals.Rejections["reason \u202e"+strconv.Itoa(31*process+i)] = 1
		}
		l.Add(Snapshot{Asked: at, Answered: at, Replicas: []Replica{{UID: "a", Name: "demo-a", Ready: true, Totals: &totals}}})
	}
	want := map[string]uint64{api.ReasonQueueFull: 2000, otherReasons: 31 * 2000}
	if diff := cmp.Diff(want, l.s.Total.of(rejected)); diff != "" {
		t.Errorf("rejections (-want +got):\n%s", diff)
	}
	packed, err := l.Checkpoint()
	if err != nil || len(packed) > 4096 {
		t.Errorf("checkpoint of %d bytes (%v), want at most 4096", len(packed), err)
	}
}
