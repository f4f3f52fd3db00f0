package capacity

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// contest is the worked example of the documentation of Size.
var contest = Load{Participants: 200, BurstPercent: 100, SubmissionsPerHour: 20, Service: Service{Mean: 2 * time.Second, SCV: 1}}

func TestSizeExplained(t *testing.T) {
	with := func(change func(*Load)) Load {
		l := contest
		change(&l)
		return l
	}
	for name, tc := range map[string]struct {
		load   Load
		pool   Pool
		target time.Duration
		want   string
	}{
		"the worked example": {
			load: contest, pool: Pool{Slots: 8}, target: 5 * time.Second,
			want: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas",
		},
		"the same behind a gateway": {
			load: contest, pool: Pool{Slots: 8, Shared: true}, target: 5 * time.Second,
			want: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas",
		},
		"half of them at once": {
			load: with(func(l *Load) { l.BurstPercent = 50 }), pool: Pool{Slots: 8}, target: 5 * time.Second,
			want: "100 submissions of 200 participants x 2.0 s over 8 slots a replica within 5 s: 5 replicas",
		},
		"one participant": {
			load: with(func(l *Load) { l.Participants = 1 }), pool: Pool{Slots: 8}, target: 5 * time.Second,
			want: "1 participant x 2.0 s over 8 slots a replica within 5 s: 1 replica",
		},
		"the steady state decides": {
			load: with(func(l *Load) { l.BurstPercent, l.SubmissionsPerHour = 5, 600 }), pool: Pool{Slots: 8, Shared: true}, target: 5 * time.Second,
			want: "200 participants x 600 submissions an hour x 2.0 s over 8 slots a replica within 5 s: 9 replicas",
		},
		"one slot a replica": {
			load: contest, pool: Pool{Slots: 1}, target: 20 * time.Second,
			want: "200 participants x 2.0 s over 1 slot a replica within 20 s: 29 replicas, 9 of them because connections spread over replicas by chance",
		},
		"one slot a replica behind a gateway": {
			load: contest, pool: Pool{Slots: 1, Shared: true}, target: 20 * time.Second,
			want: "200 participants x 2.0 s over 1 slot a replica within 20 s: 20 replicas",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Size(tc.load, tc.pool, tc.target).String(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestFitIsInverseOfSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p, target := drawLoad(t), drawPool(t), drawTarget(t)
		replicas := rapid.IntRange(1, 60).Draw(t, "replicas")
		n := Fit(l, p, target, replicas)
		if n > 0 {
			l.Participants = n
			if got := Size(l, p, target).Replicas; got > replicas {
				t.Errorf("%d replicas serve %d participants, whose size is %d", replicas, n, got)
			}
		}
		l.Participants = n + 1
		if got := Size(l, p, target).Replicas; got <= replicas {
			t.Errorf("%d replicas serve at most %d participants, but the size of one more is %d", replicas, n, got)
		}
	})
}

func TestSizeKeepsTarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p, target := drawLoad(t), drawPool(t), drawTarget(t)
		s := Size(l, p, target)
		if wait := BurstWait(l, p, s.Replicas); wait > target {
			t.Errorf("%v: the burst waits %v", s, wait)
		}
		if wait, ok := steadyWait(l, p, s.Replicas); !ok || wait > target+time.Millisecond {
			t.Errorf("%v: later submissions wait %v, %v", s, wait, ok)
		}
		if s.Replicas < s.Burst || s.Replicas < s.Steady {
			t.Errorf("%v is below its parts: burst %d, steady %d", s, s.Burst, s.Steady)
		}
	})
}

func TestMoreParticipantsNeverNeedFewerReplicas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p, target := drawLoad(t), drawPool(t), drawTarget(t)
		before := Size(l, p, target)
		l.Participants += rapid.IntRange(1, 100).Draw(t, "more")
		if after := Size(l, p, target); after.Replicas < before.Replicas {
			t.Errorf("%v, but %v", before, after)
		}
	})
}

func TestOverloadHasNoSteadyWait(t *testing.T) {
	l := contest
	l.SubmissionsPerHour = 3600
	if wait, ok := steadyWait(l, Pool{Slots: 8}, 10); ok {
		t.Errorf("a load of 400 slots on 80 has a steady wait of %v", wait)
	}
}

func drawLoad(t *rapid.T) Load {
	return Load{
		Participants:       rapid.IntRange(1, 2000).Draw(t, "participants"),
		BurstPercent:       rapid.IntRange(1, 200).Draw(t, "burst"),
		SubmissionsPerHour: rapid.IntRange(1, 120).Draw(t, "hourly"),
		Service: Service{
			Mean: time.Duration(rapid.IntRange(50, 20000).Draw(t, "millis")) * time.Millisecond,
			SCV:  rapid.SampledFrom([]float64{0, 0.3, 1, 4}).Draw(t, "scv"),
		},
	}
}

func drawPool(t *rapid.T) Pool {
	return Pool{Slots: rapid.IntRange(1, 32).Draw(t, "slots"), Shared: rapid.Bool().Draw(t, "shared")}
}

func drawTarget(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(1, 60).Draw(t, "target")) * time.Second
}
