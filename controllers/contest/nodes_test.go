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

func TestNodesToldDaysBefore(t *testing.T) {
	const sizing = "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"
	other := calendar.Contest{Name: "seconds", Start: start.Add(time.Hour), Duration: time.Hour, WarmUp: 5 * time.Minute, Replicas: 4}
	later := other
	later.Start = start.Add(24 * time.Hour)
	for name, tc := range map[string]struct {
		room   nodes.Room
		others []calendar.Contest
		change func(*Input)
		want   string
	}{
		"enough": {room: nodes.Room{Replicas: 10, Eligible: 2, Lacks: "cpu"}, want: "WarmUpAhead: "},
		"too little": {room: nodes.Room{Replicas: 7, Eligible: 2, Lacks: "cpu"},
			want: "ExceedsNodes: " + sizing + ", and today's nodes have room for 7: these can serve 140 participants within the target; " +
				"with 200, 95 of 100 submissions of the burst wait up to 6.0 s. Of the nodes, 2 take pods of pool demo, and what they lack is cpu. Add nodes, "},
		"none of these nodes": {want: "ExceedsNodes: " + sizing + ", and today's nodes have room for 0: these can serve 0 participants within the target. " +
			"No node takes pods of pool demo: none that is ready has what its scheduling asks for. Add nodes, "},
		"shared with another contest": {room: nodes.Room{Replicas: 13, Eligible: 3, Lacks: "memory"}, others: []calendar.Contest{later, other},
			want: "ExceedsNodes: " + sizing + ", and today's nodes have room for 9 beside the 4 of other contests: these can serve 180 participants"},
		"room for both":      {room: nodes.Room{Replicas: 14, Eligible: 3, Lacks: "memory"}, others: []calendar.Contest{later, other}, want: "WarmUpAhead: "},
		"another on its own": {room: nodes.Room{Replicas: 10, Eligible: 3, Lacks: "memory"}, others: []calendar.Contest{later}, want: "WarmUpAhead: "},
		"replicas of its own": {room: nodes.Room{Replicas: 2, Eligible: 1, Lacks: "pods"}, change: func(in *Input) { in.Contest.Spec.Replicas = 3 },
			want: "ExceedsNodes: replicas is 3, and today's nodes have room for 2: these can serve 40 participants"},
		"a quota is tighter": {room: nodes.Room{Replicas: 7, Eligible: 2, Lacks: "cpu"}, change: func(in *Input) { in.Room = &Room{6, "team", "pods"} }, want: "ExceedsQuota: "},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-240 * time.Hour), Nodes: &tc.room, Others: tc.others}
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

// TestNodesNoAlarmOnceHeld has the replicas on nodes that a count would call too few.
func TestNodesNoAlarmOnceHeld(t *testing.T) {
	c := finals()
	short := &nodes.Room{Replicas: 7, Eligible: 2, Lacks: "cpu"}
	c.Status = Decide(Input{Contest: c, Pool: pool(), Now: start.Add(-time.Hour), Nodes: short}).Status
	for _, at := range []time.Duration{-300 * time.Second, -200 * time.Second, -100 * time.Second, 0, time.Hour} {
		now := start.Add(at)
		in := Input{Contest: c, Pool: pool(), Now: now, Replicas: right(10)}
		if Planning(c, now) {
			in.Nodes = short
		}
		c.Status = Decide(in).Status
		if is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed); is.Reason != v1alpha1.ReasonEveryReplicaProved {
			t.Errorf("%v from the start 10 replicas are proved and it says %s: %s", at, is.Reason, is.Message)
		}
	}
}

func TestRoomLookedForAgainSoon(t *testing.T) {
	in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-240 * time.Hour)}
	for want, change := range map[time.Duration]func(){
		planInterval:  func() { in.Room, in.Nodes = nil, nil },
		shortInterval: func() { in.Nodes = &nodes.Room{Replicas: 7, Eligible: 2, Lacks: "cpu"} },
	} {
		change()
		if got := Decide(in).Recheck; got != want {
			t.Errorf("with room %+v on the nodes it is looked at again after %v, want %v", in.Nodes, got, want)
		}
	}
}
