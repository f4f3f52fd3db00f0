package contest

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/nodes"
)

func TestNodesTooSmallReportedDaysBefore(t *testing.T) {
	const sizing = "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"
	other := calendar.Contest{Name: "seconds", Start: start.Add(time.Hour), Duration: time.Hour, WarmUp: 5 * time.Minute, Replicas: 4}
	later := other
	later.Start = start.Add(24 * time.Hour)
	for name, tc := range map[string]struct {
		headroom nodes.Headroom
		others   []calendar.Contest
		change   func(*Input)
		want     string
	}{
		"enough": {headroom: nodes.Headroom{Replicas: 10, Eligible: 2, Scarce: "cpu"}, want: "WarmUpAhead: "},
		"too little": {headroom: nodes.Headroom{Replicas: 7, Eligible: 2, Scarce: "cpu"},
			want: "ExceedsNodes: " + sizing + ", and the current nodes can hold 7: these can serve 140 participants within the target; " +
				"with 200, 95 of 100 submissions of the burst wait up to 6.0 s. 2 nodes can run pods of pool demo, limited by cpu. Add nodes, "},
		"none of these nodes": {want: "ExceedsNodes: " + sizing + ", and the current nodes can hold 0: these can serve 0 participants within the target. " +
			"No node can run pods of pool demo: no ready node matches spec.scheduling. Add nodes, "},
		"shared with another contest": {headroom: nodes.Headroom{Replicas: 13, Eligible: 3, Scarce: "memory"}, others: []calendar.Contest{later, other},
			want: "ExceedsNodes: " + sizing + ", and the current nodes can hold 9 beside 4 of other contests: these can serve 180 participants"},
		"enough for both":    {headroom: nodes.Headroom{Replicas: 14, Eligible: 3, Scarce: "memory"}, others: []calendar.Contest{later, other}, want: "WarmUpAhead: "},
		"another on its own": {headroom: nodes.Headroom{Replicas: 10, Eligible: 3, Scarce: "memory"}, others: []calendar.Contest{later}, want: "WarmUpAhead: "},
		"replicas of its own": {headroom: nodes.Headroom{Replicas: 2, Eligible: 1, Scarce: "pods"}, change: func(in *Input) { in.Contest.Spec.Replicas = 3 },
			want: "ExceedsNodes: replicas is 3, and the current nodes can hold 2: these can serve 40 participants"},
		"a quota is tighter": {headroom: nodes.Headroom{Replicas: 7, Eligible: 2, Scarce: "cpu"}, change: func(in *Input) { in.QuotaHeadroom = &QuotaHeadroom{6, "team", "pods"} }, want: "ExceedsQuota: "},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-240 * time.Hour), NodeHeadroom: &tc.headroom, Others: tc.others}
			if tc.change != nil {
				tc.change(&in)
			}
			c := meta.FindStatusCondition(Decide(in).Status.Conditions, v1alpha1.ConditionPrewarmed)
			if got := c.Reason + ": " + c.Message; !strings.HasPrefix(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestNoNodeAlarmWhileHeld proves replicas on nodes whose headroom is too small for them.
func TestNoNodeAlarmWhileHeld(t *testing.T) {
	c := finals()
	few := &nodes.Headroom{Replicas: 7, Eligible: 2, Scarce: "cpu"}
	c.Status = Decide(Input{Contest: c, Pool: pool(), Now: start.Add(-time.Hour), NodeHeadroom: few}).Status
	for _, at := range []time.Duration{-300 * time.Second, -200 * time.Second, -100 * time.Second, 0, time.Hour} {
		now := start.Add(at)
		in := Input{Contest: c, Pool: pool(), Now: now, Replicas: proved(10)}
		if Planning(c, now) {
			in.NodeHeadroom = few
		}
		c.Status = Decide(in).Status
		if is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed); is.Reason != v1alpha1.ReasonEveryReplicaProved {
			t.Errorf("%v from the start 10 replicas are proved and it says %s: %s", at, is.Reason, is.Message)
		}
	}
}

func TestHeadroomCheckedAgainSoon(t *testing.T) {
	in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-240 * time.Hour)}
	for want, change := range map[time.Duration]func(){
		planInterval:     func() { in.QuotaHeadroom, in.NodeHeadroom = nil, nil },
		headroomInterval: func() { in.NodeHeadroom = &nodes.Headroom{Replicas: 7, Eligible: 2, Scarce: "cpu"} },
	} {
		change()
		if got := Decide(in).Recheck; got != want {
			t.Errorf("with the headroom %+v the next check is after %v, want %v", in.NodeHeadroom, got, want)
		}
	}
}
