package contest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// finals is the contest of the design document as the API server stores it.
func finals() *v1alpha1.Contest {
	return &v1alpha1.Contest{
		ObjectMeta: metav1.ObjectMeta{Name: "finals", Namespace: "contests", Generation: 1, CreationTimestamp: metav1.NewTime(start.Add(-240 * time.Hour))},
		Spec: v1alpha1.ContestSpec{
			PoolName: "demo", StartTime: metav1.NewTime(start), DurationSeconds: 5 * 3600, Participants: 200,
			Load:            v1alpha1.ContestLoad{BurstPercent: 100, SubmissionsPerHour: 20},
			CoolDownSeconds: new(int32(900)), State: v1alpha1.ContestScheduled, TTLSecondsAfterFinished: new(int32(3600)),
		},
	}
}

func pool() *v1alpha1.ExecutorPool {
	return &v1alpha1.ExecutorPool{
		Spec: v1alpha1.ExecutorPoolSpec{Workers: 4, Threads: 2, Scaling: v1alpha1.ScalingSpec{TargetWaitSeconds: 5}},
		Status: v1alpha1.ExecutorPoolStatus{Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionIsolationEnforced, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTierProved},
		}},
	}
}

// proved returns n replicas that are in the Service and passed the canary.
func proved(n int) []Replica {
	all := make([]Replica, n)
	for i := range all {
		all[i] = Replica{Name: fmt.Sprintf("demo-%d", i), InService: true, Proved: true}
	}
	return all
}

func TestPlanExplained(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Input)
		want   v1alpha1.ContestStatus
	}{
		"the design's example": {
			want: v1alpha1.ContestStatus{Replicas: 10, ServableParticipants: 200, ExpectedWaitMillis: 3844, SlotMillis: 2000, WarmUpSeconds: 300,
				Sizing: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"},
		},
		"the pool's past": {
			change: func(in *Input) {
				in.Measured = Measured{Finished: 1000, ServiceTime: 3_020 * time.Second, PodStarts: []time.Duration{200 * time.Second}}
			},
			want: v1alpha1.ContestStatus{Replicas: 15, ServableParticipants: 200, ExpectedWaitMillis: 3181, SlotMillis: 3000, WarmUpSeconds: 420,
				Sizing: "200 participants x 3.0 s over 8 slots a replica within 5 s: 15 replicas"},
		},
		"declared, whatever the past": {
			change: func(in *Input) {
				in.Measured = Measured{Finished: 1000, ServiceTime: 3_000 * time.Second, PodStarts: []time.Duration{200 * time.Second}}
				in.Contest.Spec.Load.SecondsPerRun, in.Contest.Spec.WarmUpSeconds = 1, new(int32(0))
			},
			want: v1alpha1.ContestStatus{Replicas: 5, ServableParticipants: 200, ExpectedWaitMillis: 4368, SlotMillis: 1000,
				Sizing: "200 participants x 1.0 s over 8 slots a replica within 5 s: 5 replicas"},
		},
		"too little past": {
			change: func(in *Input) { in.Measured = Measured{Finished: 99, ServiceTime: 990 * time.Second} },
			want: v1alpha1.ContestStatus{Replicas: 10, ServableParticipants: 200, ExpectedWaitMillis: 3844, SlotMillis: 2000, WarmUpSeconds: 300,
				Sizing: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"},
		},
		"target of its own": {
			change: func(in *Input) { in.Contest.Spec.TargetWaitSeconds = 10 },
			want: v1alpha1.ContestStatus{Replicas: 5, ServableParticipants: 200, ExpectedWaitMillis: 8737, SlotMillis: 2000, WarmUpSeconds: 300,
				Sizing: "200 participants x 2.0 s over 8 slots a replica within 10 s: 5 replicas"},
		},
		"replicas of its own": {
			change: func(in *Input) { in.Contest.Spec.Replicas, in.Pool.Spec.Scaling.MaxReplicas = 12, 6 },
			want: v1alpha1.ContestStatus{Replicas: 12, ServableParticipants: 240, ExpectedWaitMillis: 2994, SlotMillis: 2000, WarmUpSeconds: 300,
				Sizing: "replicas is 12"},
		},
		"more than the pool may have": {
			change: func(in *Input) { in.Pool.Spec.Scaling.MaxReplicas = 6 },
			want: v1alpha1.ContestStatus{Replicas: 6, ServableParticipants: 120, ExpectedWaitMillis: 7129, SlotMillis: 2000, WarmUpSeconds: 300,
				Sizing: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, of which the pool's scaling.maxReplicas allows 6"},
		},
		"no pool": {
			change: func(in *Input) { in.Pool = nil },
			want:   v1alpha1.ContestStatus{WarmUpSeconds: 300},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-24 * time.Hour)}
			if tc.change != nil {
				tc.change(&in)
			}
			got := Decide(in).Status
			tc.want.ObservedGeneration = 1
			tc.want.WarmUpTime = metav1.NewTime(start.Add(-seconds(tc.want.WarmUpSeconds)))
			tc.want.ReleaseTime = metav1.NewTime(start.Add(5*time.Hour + 15*time.Minute))
			tc.want.Conditions = got.Conditions
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContestLife plays a contest from its declaration to its deletion.
func TestContestLife(t *testing.T) {
	c := finals()
	ready := proved(1)
	var all []string
	step := func(at time.Duration) Decision {
		d := Decide(Input{Contest: c, Pool: pool(), Now: start.Add(at), Replicas: ready})
		c.Status = d.Status
		line := fmt.Sprint(at, ":")
		for _, kind := range []string{v1alpha1.ConditionHolding, v1alpha1.ConditionPrewarmed} {
			cond := meta.FindStatusCondition(d.Status.Conditions, kind)
			line += fmt.Sprintf(" %s %s/%s", kind, cond.Status, cond.Reason)
		}
		for _, e := range d.Events {
			line += " !" + e.Reason
		}
		if d.Expired {
			line += " expired"
		}
		all = append(all, line)
		return d
	}
	step(-24 * time.Hour)
	step(-300 * time.Second)
	ready = proved(7)
	step(-200 * time.Second)
	step(-150 * time.Second)
	ready = proved(10)
	step(-140 * time.Second)
	step(0)
	ready = proved(9)
	step(time.Minute)
	step(5*time.Hour + time.Second)
	step(5*time.Hour + 15*time.Minute + time.Second)
	step(6*time.Hour + 15*time.Minute + time.Second)
	want := []string{
		"-24h0m0s: Holding False/Scheduled Prewarmed Unknown/WarmUpAhead !Scheduled",
		"-5m0s: Holding True/WarmingUp Prewarmed Unknown/WarmingUp !WarmingUp",
		"-3m20s: Holding True/WarmingUp Prewarmed Unknown/WarmingUp",
		"-2m30s: Holding True/WarmingUp Prewarmed False/ReplicasNotReady !ReplicasNotReady",
		"-2m20s: Holding True/WarmingUp Prewarmed True/EveryReplicaProved !Prewarmed",
		"0s: Holding True/Running Prewarmed True/EveryReplicaProved !Running",
		"1m0s: Holding True/Running Prewarmed True/EveryReplicaProved",
		"5h0m1s: Holding True/CoolingDown Prewarmed True/EveryReplicaProved !CoolingDown",
		"5h15m1s: Holding False/Finished Prewarmed True/EveryReplicaProved !Finished",
		"6h15m1s: Holding False/Finished Prewarmed True/EveryReplicaProved expired",
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestPlanStandsWhileHeld(t *testing.T) {
	c := finals()
	decide := func(at time.Duration, past Measured) v1alpha1.ContestStatus {
		c.Status = Decide(Input{Contest: c, Pool: pool(), Now: start.Add(at), Measured: past}).Status
		return c.Status
	}
	slow := Measured{PodStarts: []time.Duration{600 * time.Second}, Finished: 1000, ServiceTime: 4000 * time.Second}
	if got := decide(-time.Hour, slow); got.WarmUpSeconds != 1200 || got.Replicas != 20 {
		t.Fatalf("planned %d replicas %d s before, want 20 and 1200 s", got.Replicas, got.WarmUpSeconds)
	}
	fast := Measured{PodStarts: []time.Duration{time.Second}, Finished: 1000, ServiceTime: 1000 * time.Second}
	if got := decide(-1190*time.Second, fast); got.WarmUpSeconds != 1200 || got.Replicas != 20 {
		t.Errorf("pods that came fast changed the plan to %d replicas %d s before, while it is held", got.Replicas, got.WarmUpSeconds)
	}
	c.Spec.Participants, c.Generation = 400, 2
	if got := decide(time.Minute, fast); got.Replicas != 10 {
		t.Errorf("400 participants of a second each get %d replicas, want the edit to make a new plan: 10", got.Replicas)
	}
	c.Spec.StartTime, c.Generation = metav1.NewTime(start.Add(24*time.Hour)), 3
	got := decide(2*time.Minute, fast)
	if meta.IsStatusConditionTrue(got.Conditions, v1alpha1.ConditionHolding) || got.WarmUpSeconds != 300 {
		t.Errorf("a contest moved to the next day is still held: %+v", got)
	}
}

func TestOverWhenDeclaredKeptForItsTTL(t *testing.T) {
	c := finals()
	declared := start.Add(1000 * time.Hour)
	c.CreationTimestamp = metav1.NewTime(declared)
	for after, want := range map[time.Duration]bool{0: false, 3600 * time.Second: false, 3601 * time.Second: true} {
		d := Decide(Input{Contest: c, Pool: pool(), Now: declared.Add(after)})
		if d.Expired != want {
			t.Errorf("%v after it was declared, expired is %v, want %v", after, d.Expired, want)
		}
		if d.Status.Replicas != 0 {
			t.Errorf("a contest that is over plans %d replicas", d.Status.Replicas)
		}
	}
}

func TestSettledContestWritesNothing(t *testing.T) {
	for _, at := range []time.Duration{-24 * time.Hour, -200 * time.Second, time.Hour, 5*time.Hour + time.Minute, 50 * time.Hour} {
		c := finals()
		in := Input{Contest: c, Pool: pool(), Now: start.Add(at), Replicas: proved(10)}
		c.Status = Decide(in).Status
		in.Now = in.Now.Add(20 * time.Second)
		again := Decide(in)
		if diff := cmp.Diff(c.Status, again.Status); diff != "" || len(again.Events) > 0 {
			t.Errorf("%v from the start nothing happened and status changes, events %v:\n%s", at, again.Events, diff)
		}
	}
}
