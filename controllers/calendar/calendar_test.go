package calendar

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// finals is a contest across midnight and on a leap day, declared in Newfoundland: 2028-02-29 02:00
// to 07:00 UTC.
func finals() Contest {
	return Contest{
		Name:     "finals",
		Start:    time.Date(2028, 2, 28, 22, 30, 0, 0, time.FixedZone("", -3*3600-1800)),
		Duration: 5 * time.Hour,
		WarmUp:   10 * time.Minute,
		CoolDown: 15 * time.Minute,
		Replicas: 10,
	}
}

func utc(day, hour, minute, second int) time.Time {
	return time.Date(2028, 2, day, hour, minute, second, 0, time.UTC)
}

func TestPhaseFollowsTimes(t *testing.T) {
	paused := func(c *Contest) { c.State = Paused }
	for name, tc := range map[string]struct {
		change func(*Contest)
		now    time.Time
		want   Phase
	}{
		"day before":               {now: utc(28, 2, 0, 0), want: BeforeWarmUp},
		"second before warm-up":    {now: utc(29, 1, 49, 59), want: BeforeWarmUp},
		"warm-up":                  {now: utc(29, 1, 50, 0), want: WarmingUp},
		"second before start":      {now: utc(29, 1, 59, 59), want: WarmingUp},
		"start":                    {now: utc(29, 2, 0, 0), want: Running},
		"end":                      {now: utc(29, 7, 0, 0), want: Running},
		"just after the end":       {now: utc(29, 7, 0, 0).Add(instant), want: CoolingDown},
		"release":                  {now: utc(29, 7, 15, 0), want: CoolingDown},
		"just after release":       {now: utc(29, 7, 15, 0).Add(instant), want: Finished},
		"year later":               {now: utc(29, 7, 0, 0).AddDate(1, 0, 0), want: Finished},
		"paused before warm-up":    {change: paused, now: utc(29, 1, 49, 59), want: BeforeWarmUp},
		"paused while it runs":     {change: paused, now: utc(29, 3, 0, 0), want: OnHold},
		"paused past the end":      {change: paused, now: utc(29, 23, 0, 0), want: OnHold},
		"cancelled while it runs":  {change: func(c *Contest) { c.State = Cancelled }, now: utc(29, 3, 0, 0), want: Dropped},
		"moved an hour later":      {change: func(c *Contest) { c.Start = c.Start.Add(time.Hour) }, now: utc(29, 2, 49, 59), want: BeforeWarmUp},
		"prolonged while it cools": {change: func(c *Contest) { c.Duration += time.Hour }, now: utc(29, 7, 10, 0), want: Running},
		"no warm-up":               {change: func(c *Contest) { c.WarmUp = 0 }, now: utc(29, 1, 59, 59), want: BeforeWarmUp},
		"no cool-down":             {change: func(c *Contest) { c.CoolDown = 0 }, now: utc(29, 7, 0, 0).Add(instant), want: Finished},
	} {
		t.Run(name, func(t *testing.T) {
			c := finals()
			if tc.change != nil {
				tc.change(&c)
			}
			if got := c.Phase(tc.now); got != tc.want {
				t.Errorf("phase %v, want %v", got, tc.want)
			}
		})
	}
}

func TestOverlappingContestsAddUp(t *testing.T) {
	first, second := finals(), finals()
	// The second contest warms up from 10 minutes after the end of the first, which cools down
	// then.
	second.Name, second.Replicas, second.Start = "seconds", 4, first.End().Add(20*time.Minute)
	contests := []Contest{first, second}
	type held struct {
		Replicas int
		By       []string
	}
	for after, want := range map[time.Duration]held{
		-301 * time.Minute: {},
		-300 * time.Minute: {10, []string{"finals"}},
		9 * time.Minute:    {10, []string{"finals"}},
		10 * time.Minute:   {14, []string{"finals", "seconds"}},
		15 * time.Minute:   {14, []string{"finals", "seconds"}},
		16 * time.Minute:   {4, []string{"seconds"}},
		335 * time.Minute:  {4, []string{"seconds"}},
		336 * time.Minute:  {},
	} {
		var got held
		got.Replicas, got.By = Floor(contests, first.End().Add(after))
		if after == -301*time.Minute {
			got.Replicas, got.By = Floor(contests, first.WarmUpTime().Add(-time.Second))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v after the first's end (-want +got):\n%s", after, diff)
		}
	}
	if got := Peak(contests, first.Start.Add(-time.Hour)); got != 14 {
		t.Errorf("peak %d, want 14", got)
	}
	if got := Peak(contests, first.End().Add(16*time.Minute)); got != 4 {
		t.Errorf("peak once the first is released %d, want 4", got)
	}
}

func TestNextVisitsEveryChange(t *testing.T) {
	c := finals()
	var got []string
	now := c.Start.Add(-time.Hour)
	for at, ok := Next([]Contest{c}, now); ok; at, ok = Next([]Contest{c}, at) {
		got = append(got, fmt.Sprint(at.Sub(c.Start), " ", c.Phase(at)))
	}
	want := []string{"-10m0s WarmingUp", "0s Running", "5h0m0.000000001s CoolingDown", "5h15m0.000000001s Finished"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestUpcomingIsNextToStart(t *testing.T) {
	first, second, third := finals(), finals(), finals()
	first.Start = first.Start.Add(2 * time.Hour)
	second.Name = "seconds"
	third.Name, third.Start, third.State = "thirds", third.Start.Add(-time.Hour), Cancelled
	contests := []Contest{first, second, third}
	for after, want := range map[time.Duration]string{-24 * time.Hour: "seconds", 0: "finals", 2 * time.Hour: ""} {
		got := ""
		if c := Upcoming(contests, finals().Start.Add(after)); c != nil {
			got = c.Name
		}
		if got != want {
			t.Errorf("%v after the start %q is next, want %q", after, got, want)
		}
	}
}

func TestLeadFollowsPods(t *testing.T) {
	pods := func(n int, each time.Duration, others ...time.Duration) []time.Duration {
		for range n {
			others = append(others, each)
		}
		return others
	}
	for name, tc := range map[string]struct {
		starts []time.Duration
		want   time.Duration
	}{
		"no start times":         {nil, 300 * time.Second},
		"fast pods":              {pods(10, 5*time.Second), 300 * time.Second},
		"slow nodes":             {pods(10, 5*time.Second, 240*time.Second), 480 * time.Second},
		"one of 20 pods is slow": {pods(19, 200*time.Second, 900*time.Second), 400 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Lead(tc.starts); got != tc.want {
				t.Errorf("lead %v, want %v", got, tc.want)
			}
		})
	}
}
