package scaling

import (
	"testing"
	"time"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/status"
)

// TestConditionsDoNotFlap plays one decision a second and checks what conditions show.
func TestConditionsDoNotFlap(t *testing.T) {
	distrust := func(p autoscale.Distrust) autoscale.Decision { return autoscale.Decision{Distrust: p, Fresh: p == ""} }
	limit := func(l autoscale.Limit) autoscale.Decision { return autoscale.Decision{Fresh: true, Limited: l} }
	var w Debouncer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, tc := range []struct {
		decision autoscale.Decision
		seconds  int
		want     status.Scaling
	}{
		{distrust(autoscale.DistrustMissing), 1, status.Scaling{Enabled: true, Distrust: autoscale.DistrustMissing}},
		{distrust(""), 4, status.Scaling{Enabled: true}},
		{distrust(autoscale.DistrustSilent), 2, status.Scaling{Enabled: true}},
		{distrust(""), 1, status.Scaling{Enabled: true}},
		{distrust(autoscale.DistrustSilent), 5, status.Scaling{Enabled: true, Distrust: autoscale.DistrustSilent}},
		{distrust(""), 2, status.Scaling{Enabled: true, Distrust: autoscale.DistrustSilent}},
		{distrust(""), 2, status.Scaling{Enabled: true}},
		{limit(autoscale.LimitCeiling), 1, status.Scaling{Enabled: true, Limited: autoscale.LimitCeiling}},
		{limit(""), 20, status.Scaling{Enabled: true, Limited: autoscale.LimitCeiling}},
		{limit(autoscale.LimitCeiling), 1, status.Scaling{Enabled: true, Limited: autoscale.LimitCeiling}},
		{limit(""), 29, status.Scaling{Enabled: true, Limited: autoscale.LimitCeiling}},
		{limit(""), 2, status.Scaling{Enabled: true}},
	} {
		var got status.Scaling
		for range tc.seconds {
			got = w.Debounce(tc.decision, "", now)
			now = now.Add(time.Second)
		}
		if got != tc.want {
			t.Errorf("step %d: shown %+v, want %+v", i, got, tc.want)
		}
	}
}
