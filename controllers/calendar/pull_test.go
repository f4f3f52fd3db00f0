package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestImagePulledUntilWarmUp(t *testing.T) {
	c := finals()
	c.Pull = 15 * time.Minute
	warm := c.WarmUpTime()
	with := func(change func(*Contest)) Contest {
		changed := c
		change(&changed)
		return changed
	}
	for name, tc := range map[string]struct {
		contest Contest
		at      time.Duration // from the warm-up
		want    bool
	}{
		"long before":           {c, -16 * time.Minute, false},
		"at its time":           {c, -15 * time.Minute, true},
		"just before warm-up":   {c, -time.Second, true},
		"replicas asked for":    {c, 0, false},
		"running":               {c, time.Hour, false},
		"switched off":          {with(func(c *Contest) { c.Pull = 0 }), -time.Second, false},
		"cancelled":             {with(func(c *Contest) { c.State = Cancelled }), -time.Second, false},
		"paused before warm-up": {with(func(c *Contest) { c.State = Paused }), -time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Pulling([]Contest{tc.contest}, warm.Add(tc.at)); got != tc.want {
				t.Errorf("pulling %v from the warm-up is %v, want %v", tc.at, got, tc.want)
			}
		})
	}
}

// TestPullWakesInTime holds Next and NextPull to leaving no change of Pulling unseen.
func TestPullWakesInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var contests []Contest
		for range rapid.IntRange(1, 4).Draw(t, "contests") {
			minutes := func(name string, most int) time.Duration {
				return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Minute
			}
			contests = append(contests, Contest{Start: finals().Start.Add(minutes("start", 600)), Duration: time.Minute + minutes("length", 60),
				WarmUp: minutes("warm-up", 60), Pull: minutes("pull", 60), Replicas: 1, State: State(rapid.IntRange(0, 2).Draw(t, "state"))})
		}
		now := finals().Start.Add(-3 * time.Hour)
		for wakes := 0; ; wakes++ {
			at, ok := Next(contests, now)
			if pull, is := NextPull(contests, now); is && (!ok || pull.Before(at)) {
				at, ok = pull, true
			}
			until := at
			if !ok {
				until = now.Add(24 * time.Hour)
			}
			for between := now; between.Before(until); between = between.Add(time.Minute) {
				if Pulling(contests, between) != Pulling(contests, now) {
					t.Fatalf("pulling changes at %v, between the wakes at %v and %v: %+v", between, now, until, contests)
				}
			}
			if !ok || wakes > 100 {
				return
			}
			now = at
		}
	})
}
