package hpa

import (
	"slices"
	"testing"
	"time"

	"executorpool.dev/simulate/fleet"
)

// The examples are those of the section "Algorithm details".
func TestDesiredDocumentedExamples(t *testing.T) {
	for name, tc := range map[string]struct {
		current       int
		value, target float64
		want          int
	}{
		"200m of 100m doubles":            {4, 200, 100, 8},
		"50m of 100m halves":              {4, 50, 100, 2},
		"within the tolerance":            {10, 109, 100, 10},
		"within the tolerance from below": {10, 91, 100, 10},
		"just outside of the tolerance":   {10, 111, 100, 12},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Desired(tc.current, tc.value, tc.target); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

// "4 pods or a 100% of the currently running replicas will be added every 15 seconds".
func TestScaleUpDefaultPolicies(t *testing.T) {
	h := &HPA{Target: 1, Metric: func(fleet.View) float64 { return 1000 }, Min: 1, Max: 1000}
	got, n := []int{}, 1
	for i := range 6 {
		n = h.Replicas(fleet.View{Now: time.Duration(i) * Period, SpecReplicas: n})
		got = append(got, n)
	}
	if want := []int{5, 10, 20, 40, 80, 160}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// KEP-853, story 5, with the default window: the highest recommendation of the window applies, so
// the first step down is from 10 to 9.
func TestScaleDownHighestRecommendation(t *testing.T) {
	recommended := []int{10, 9, 8, 9, 9, 8, 9, 8, 9, 8, 7}
	h := &HPA{Target: 1, Min: 1, Max: 100}
	got, n := []int{}, 10
	for i, r := range recommended {
		h.Metric = func(fleet.View) float64 { return float64(r) }
		n = h.stabilize(time.Duration(i)*Stabilization/10, n, r)
		got = append(got, n)
	}
	if want := []int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
