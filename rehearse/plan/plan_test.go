package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMakePlan(t *testing.T) {
	for name, tc := range map[string]struct {
		spec Spec
		// want is the number of submissions by program.
		want map[int]int
	}{
		"one program": {
			spec: Spec{Participants: 3, Submissions: 2, Weights: []int{1}},
			want: map[int]int{0: 6},
		},
		"exact shares": {
			spec: Spec{Participants: 200, Submissions: 1, Weights: []int{37, 36, 1, 26, 0}},
			want: map[int]int{0: 74, 1: 72, 2: 2, 3: 52},
		},
		"the largest remainder gets what is left": {
			spec: Spec{Participants: 10, Submissions: 1, Weights: []int{1, 1, 1}},
			want: map[int]int{0: 4, 1: 3, 2: 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[int]int{}
			for _, participant := range Make(tc.spec) {
				for _, step := range participant.Steps {
					got[step.Program]++
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("submissions by program (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMakeKeepsToItsSpec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{
			Participants:  rapid.IntRange(1, 50).Draw(t, "participants"),
			Submissions:   rapid.IntRange(1, 5).Draw(t, "submissions"),
			ArrivalWindow: time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "window")),
			ThinkTime:     time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "think")),
			Weights:       rapid.SliceOfN(rapid.IntRange(0, 100), 1, 8).Draw(t, "weights"),
			Seed:          rapid.Uint64().Draw(t, "seed"),
		}
		spec.Weights[0]++
		sum := 0
		for _, weight := range spec.Weights {
			sum += weight
		}
		made := Make(spec)
		if diff := cmp.Diff(made, Make(spec)); diff != "" {
			t.Fatalf("the same spec makes another plan:\n%s", diff)
		}
		if len(made) != spec.Participants {
			t.Fatalf("%d participants, want %d", len(made), spec.Participants)
		}
		counts, last := make([]int, len(spec.Weights)), time.Duration(0)
		for _, participant := range made {
			if participant.Arrival < last || participant.Arrival > 0 && participant.Arrival >= spec.ArrivalWindow {
				t.Fatalf("arrival %s after %s in a window of %s", participant.Arrival, last, spec.ArrivalWindow)
			}
			last = participant.Arrival
			if len(participant.Steps) != spec.Submissions {
				t.Fatalf("%d steps, want %d", len(participant.Steps), spec.Submissions)
			}
			for i, step := range participant.Steps {
				counts[step.Program]++
				if step.Think < 0 || (i == 0 || spec.ThinkTime == 0) && step.Think != 0 {
					t.Fatalf("step %d thinks for %s", i, step.Think)
				}
			}
		}
		total := spec.Participants * spec.Submissions
		for program, count := range counts {
			exact := float64(total) * float64(spec.Weights[program]) / float64(sum)
			if float64(count) <= exact-1 || float64(count) >= exact+1 {
				t.Fatalf("program %d is submitted %d times, its share is %.2f", program, count, exact)
			}
		}
	})
}

func TestMakeThinkTimeHasItsMean(t *testing.T) {
	spec := Spec{Participants: 100, Submissions: 101, ThinkTime: time.Second, Weights: []int{1}, Seed: 1}
	var sum time.Duration
	for _, participant := range Make(spec) {
		for _, step := range participant.Steps {
			sum += step.Think
		}
	}
	// The mean of 10,000 exponential draws has a standard error of 1 %.
	if mean := sum / 10_000; mean < 970*time.Millisecond || mean > 1030*time.Millisecond {
		t.Errorf("mean think time %s, want about 1s", mean)
	}
}
