package trace

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestAllRepeatAndDiffer(t *testing.T) {
	first, again, other := All(0), All(0), All(1)
	names := map[string]bool{}
	for i, each := range first {
		if names[each.Name] {
			t.Errorf("two traces have the name %s", each.Name)
		}
		names[each.Name] = true
		if !reflect.DeepEqual(each.Submissions, again[i].Submissions) {
			t.Errorf("%s: the same seed gives other submissions", each.Name)
		}
		if reflect.DeepEqual(each.Submissions, other[i].Submissions) {
			t.Errorf("%s: another seed gives the same submissions", each.Name)
		}
		if !slices.IsSortedFunc(each.Submissions, func(a, b Submission) int { return int(a.At - b.At) }) {
			t.Errorf("%s: submissions are not in order of arrival", each.Name)
		}
		for _, s := range each.Submissions {
			if s.At < 0 || s.At > each.Length || s.Service <= 0 || s.Service > time.Minute {
				t.Fatalf("%s: %+v", each.Name, s)
			}
		}
	}
}

// The number of arrivals is within four standard deviations of its mean, and the mean service time
// is within 1 % of the given mean.
func TestGeneratorMeans(t *testing.T) {
	g := newGenerator(1, 2, 0.5)
	g.poisson(0, 10000, 20, constant(10))
	trace := Trace{Submissions: g.submissions()}
	if n := float64(len(trace.Submissions)); math.Abs(n-100000) > 4*math.Sqrt(100000) {
		t.Errorf("%v arrivals, want about 100000", n)
	}
	if mean := trace.MeanService().Seconds(); math.Abs(mean-2) > 0.02 {
		t.Errorf("mean service %.3f s, want 2 s", mean)
	}
}
