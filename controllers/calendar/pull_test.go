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

// TestPullWakesInTime checks that Pulling and ReservedReplicas change only at instants that Next or
// NextPull returned.
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
				until = now.Add(3 * time.Hour)
			}
			for between := now; between.Before(until); between = between.Add(5 * time.Second) {
				if Pulling(contests, between) != Pulling(contests, now) || ReservedReplicas(contests, between) != ReservedReplicas(contests, now) {
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

func TestPlacesReservedUntilJustBeforeWarmUp(t *testing.T) {
	first, second, far := finals(), finals(), finals()
	first.Pull, second.Pull, far.Pull = 15*time.Minute, 15*time.Minute, 15*time.Minute
	second.Start = first.Start.Add(5 * time.Minute)
	far.Start = first.Start.Add(48 * time.Hour)
	contests := []Contest{first, second, far}
	for at, want := range map[time.Duration]int{
		-16 * time.Minute: 0,
		-15 * time.Minute: 10, // the pull of the second contest has not begun
		-10 * time.Minute: 20, // at the warm-up of the second contest both are held
		-10 * time.Second: 20, // the placeholders of the first contest are deleted; those for both together stay
		0:                 20,
		290 * time.Second: 0,
		5 * time.Minute:   0,
	} {
		if got := ReservedReplicas(contests, first.WarmUpTime().Add(at)); got != want {
			t.Errorf("%v from the first's warm-up, places for %d replicas, want %d", at, got, want)
		}
	}
	first.State = Cancelled
	if got := ReservedReplicas([]Contest{first}, first.WarmUpTime().Add(-time.Minute)); got != 0 {
		t.Errorf("a cancelled contest has places for %d", got)
	}
}
