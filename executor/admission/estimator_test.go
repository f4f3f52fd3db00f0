package admission

import (
	"testing"
	"time"
)

func TestEstimatorRefusesOnlyTheHopeless(t *testing.T) {
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
		ahead     []time.Time
		slots     int
		want      time.Duration
	}{
		"too few measured":        {measured(31, 2*time.Second), waiting(100, time.Hour), 8, 0},
		"nobody ahead":            {measured(64, 2*time.Second), nil, 8, 0},
		"a slot each":             {measured(64, 2*time.Second), waiting(7, time.Hour), 8, 0},
		"steady times":            {measured(64, 2*time.Second), waiting(103, time.Hour), 8, 24 * time.Second},
		"those ahead will expire": {measured(64, 2*time.Second), waiting(1000, 5*time.Second), 8, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.estimator.LeastWait(now, tc.ahead, tc.slots); got.Round(10*time.Millisecond) != tc.want {
				t.Errorf("at least %s, want %s", got, tc.want)
			}
		})
	}
	t.Run("uncertain times", func(t *testing.T) {
		// Mean 2 s, deviation 1 s: the example of the type's comment.
		got := measured(640, time.Second, 3*time.Second).LeastWait(now, waiting(103, time.Hour), 8)
		if got < 20*time.Second || got > 21*time.Second {
			t.Errorf("at least %s, want about 20.3 s", got)
		}
	})
}
