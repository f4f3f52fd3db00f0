package admission

import (
	"testing"
	"time"
)

func TestEstimatorMinWaitIsLowerBound(t *testing.T) {
	now := time.Unix(0, 0)
	waiting := func(n int, expiry time.Duration) []time.Time {
		all := make([]time.Time, n)
		for i := range all {
			all[i] = now.Add(expiry)
		}
		return all
	}
	measured := func(n int, times ...time.Duration) *Estimator {
		e := new(Estimator)
		for i := range n {
			e.Observe(times[i%len(times)])
		}
		return e
	}
	for name, tc := range map[string]struct {
		estimator *Estimator
		queued    []time.Time
		slots     int
		want      time.Duration
	}{
		"too few samples":       {measured(31, 2*time.Second), waiting(100, time.Hour), 8, 0},
		"empty queue":           {measured(64, 2*time.Second), nil, 8, 0},
		"a slot for each":       {measured(64, 2*time.Second), waiting(7, time.Hour), 8, 0},
		"constant service time": {measured(64, 2*time.Second), waiting(103, time.Hour), 8, 24 * time.Second},
		"queued jobs expire":    {measured(64, 2*time.Second), waiting(1000, 5*time.Second), 8, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.estimator.MinWait(now, tc.queued, tc.slots); got.Round(10*time.Millisecond) != tc.want {
				t.Errorf("minimum wait is %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("varying service time", func(t *testing.T) {
		// The mean is 2 s and the standard deviation 1 s, as in the example of the type's comment.
		got := measured(640, time.Second, 3*time.Second).MinWait(now, waiting(103, time.Hour), 8)
		if got < 20*time.Second || got > 21*time.Second {
			t.Errorf("minimum wait is %s, want about 20.3 s", got)
		}
	})
}
