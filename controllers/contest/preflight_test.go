package contest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

func stalled(reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func isolationLost() metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionIsolationEnforced, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonTierTooLow, Message: "Pod demo-1 proved tier None."}
}

func TestPrewarmedNamesCause(t *testing.T) {
	late := func(in *Input) { in.Now = start.Add(-150 * time.Second) }
	for name, tc := range map[string]struct {
		change func(*Input)
		status metav1.ConditionStatus
		want   string
	}{
		"no pool, days before": {
			change: func(in *Input) { in.Pool, in.Now = nil, start.Add(-240*time.Hour) },
			status: metav1.ConditionFalse, want: "PoolNotFound: There is no ExecutorPool demo in namespace contests",
		},
		"too large for the pool, days before": {
			change: func(in *Input) { in.Pool.Spec.Scaling.MaxReplicas, in.Now = 6, start.Add(-240*time.Hour) },
			status: metav1.ConditionFalse,
			want:   "ExceedsMaxReplicas: 200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, of which the pool's scaling.maxReplicas allows 6: these can serve 120 participants within the target; with 200, 95 of 100 submissions of the burst wait up to 7.1 s. Raise scaling.maxReplicas of pool demo",
		},
		"image": {
			change: func(in *Input) {
				in.Replicas = nil
				in.Pool.Status.Conditions = []metav1.Condition{stalled(v1alpha1.ReasonImagePull, "Pod demo-1 cannot pull image \"x\".")}
			},
			status: metav1.ConditionFalse, want: "ImagePullFailed: Pod demo-1 cannot pull",
		},
		"isolation lost with all replicas ready": {
			change: func(in *Input) { in.Pool.Status.Conditions = []metav1.Condition{isolationLost()} },
			status: metav1.ConditionFalse, want: "TierTooLow: Pod demo-1 proved tier None.",
		},
		"isolation not reported": {
			change: func(in *Input) { in.Pool.Status.Conditions = nil; late(in) },
			status: metav1.ConditionFalse, want: "ReplicasSilent: Half of the warm-up is over and no replica has reported its isolation tier",
		},
		"canary failed": {
			change: func(in *Input) {
				in.Replicas[3] = Replica{Name: "demo-3", InService: true, Fault: "the canary in java got the verdict RuntimeError instead of OK"}
			},
			status: metav1.ConditionFalse, want: "CanaryFailed: Replica demo-3 is ready and fails: the canary in java got the verdict RuntimeError instead of OK.",
		},
		"canary failed with a hostile text": {
			change: func(in *Input) {
				in.Replicas[3] = Replica{Name: "demo-3", InService: true, Fault: "\x1b[2J\r\nReady\u202e " + strings.Repeat("V", 40_000)}
			},
			status: metav1.ConditionFalse, want: "CanaryFailed: Replica demo-3 is ready and fails: [2J Ready V" + strings.Repeat("V", 500),
		},
		"canary pending":          {change: func(in *Input) { in.Replicas[3].Proved = false }, status: metav1.ConditionUnknown, want: "WarmingUp: Not yet: replica demo-3 has not answered the canary."},
		"canary pending too long": {change: func(in *Input) { in.Replicas[3].Proved = false; late(in) }, status: metav1.ConditionFalse, want: "CanaryPending: Half of the warm-up is over and replica demo-3 has not answered the canary"},
		"not in the Service":      {change: func(in *Input) { in.Replicas[9].InService = false; late(in) }, status: metav1.ConditionFalse, want: "NotInService: Half of the warm-up is over and replica demo-9 is not an endpoint of the Service"},
		"starting":                {change: func(in *Input) { in.Replicas = proved(7) }, status: metav1.ConditionUnknown, want: "WarmingUp: Not yet: fewer than 10 replicas are ready."},
		"slow":                    {change: func(in *Input) { in.Replicas = proved(9); late(in) }, status: metav1.ConditionFalse, want: "ReplicasNotReady: Half of the warm-up is over and fewer than 10 replicas are ready"},
		"right":                   {status: metav1.ConditionTrue, want: "EveryReplicaProved: 10 replicas are ready, behind the Service and isolated"},
		"right though the pool has more to say": {
			change: func(in *Input) {
				in.Pool.Status.Conditions = append(in.Pool.Status.Conditions, stalled(v1alpha1.ReasonUnschedulable, "No node takes pod demo-11."))
			},
			status: metav1.ConditionTrue, want: "EveryReplicaProved",
		},
		"enough for this one and not for another": {
			change: func(in *Input) {
				other := Entry(finals())
				other.WarmUp, other.Replicas = 300*time.Second, 3
				in.Others, in.Replicas = []calendar.Contest{other}, proved(12)
			},
			status: metav1.ConditionUnknown, want: "WarmingUp: Not yet: fewer than 13 replicas are ready.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := Input{Contest: finals(), Pool: pool(), Now: start.Add(-200 * time.Second), Replicas: proved(10)}
			if tc.change != nil {
				tc.change(&in)
			}
			c := meta.FindStatusCondition(Decide(in).Status.Conditions, v1alpha1.ConditionPrewarmed)
			if got := c.Reason + ": " + c.Message; c.Status != tc.status || !strings.HasPrefix(got, tc.want) {
				t.Errorf("got  %s %s\nwant %s %s", c.Status, got, tc.status, tc.want)
			}
		})
	}
}

// warming is a pool that warms up in virtual time. Its pods become ready, become endpoints of the
// Service, report their isolation and pass the canary, each at a time of its own.
type warming struct {
	lead  time.Duration
	ready []time.Duration // after the begin of the warm-up
	fault string
	at    time.Duration // at which the fault shows
	which int
}

// draw returns a pool whose pods start within half of the lead time, the canary included.
func draw(r *rand.Rand) warming {
	lead := calendar.Lead([]time.Duration{time.Duration(1+r.IntN(600)) * time.Second}).Truncate(time.Second)
	w := warming{lead: lead, ready: make([]time.Duration, 10), which: r.IntN(10)}
	const proving = 40 * time.Second
	for i := range w.ready {
		w.ready[i] = time.Duration(r.Float64() * float64(lead/2-proving))
	}
	return w
}

func (w warming) input(after time.Duration) Input {
	c := finals()
	c.Spec.WarmUpSeconds = new(int32(w.lead / time.Second))
	in := Input{Contest: c, Pool: pool(), Now: start.Add(-w.lead + after)}
	faulty := w.fault != "" && after >= w.at
	for i, ready := range w.ready {
		blocked := w.fault == v1alpha1.ReasonImagePull || w.fault == v1alpha1.ReasonPodCreation || w.fault == v1alpha1.ReasonUnschedulable
		if after < ready || blocked && i >= w.which {
			continue
		}
		r := Replica{Name: fmt.Sprintf("demo-%d", i), InService: after >= ready+2*time.Second, Proved: after >= ready+35*time.Second}
		if faulty && w.fault == v1alpha1.ReasonCanaryFailed && i == w.which && after >= ready+30*time.Second {
			r.Proved, r.Fault = false, "the canary in go got the verdict InternalError instead of OK"
		}
		in.Replicas = append(in.Replicas, r)
	}
	switch {
	case len(in.Replicas) == 0:
		in.Pool.Status.Conditions[0].Status = metav1.ConditionUnknown
	case faulty && w.fault == v1alpha1.ReasonTierTooLow:
		in.Pool.Status.Conditions = []metav1.Condition{isolationLost()}
	}
	if faulty && w.fault != v1alpha1.ReasonTierTooLow && w.fault != v1alpha1.ReasonCanaryFailed {
		in.Pool.Status.Conditions = append(in.Pool.Status.Conditions, stalled(w.fault, "as the pool says"))
	}
	return in
}

// play decides at each Recheck. It returns the sequence of statuses and reasons of Prewarmed and
// the time of the last change.
func (w warming) play(until time.Duration) (seen []string, at time.Duration) {
	status := v1alpha1.ContestStatus{}
	for after := time.Duration(0); after <= until; {
		in := w.input(after)
		in.Contest.Status = status
		d := Decide(in)
		status = d.Status
		c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionPrewarmed)
		if state := string(c.Status) + " " + c.Reason; len(seen) == 0 || seen[len(seen)-1] != state {
			seen, at = append(seen, state), after
		}
		after += min(d.Recheck, 5*time.Second)
	}
	return seen, at
}

func TestNoFalseAlarms(t *testing.T) {
	alarms := 0
	for seed := range uint64(1000) {
		w := draw(rand.New(rand.NewPCG(seed, 5)))
		seen, at := w.play(w.lead)
		if fmt.Sprint(seen) != "[Unknown WarmingUp True EveryReplicaProved]" || at > w.lead/2 {
			alarms++
			t.Errorf("contest %d with a lead of %v: %v, the last after %v", seed, w.lead, seen, at)
		}
	}
	t.Logf("%d false alarms over 1000 contests", alarms)
}

func TestFaultsNamedInTime(t *testing.T) {
	faults := []string{v1alpha1.ReasonImagePull, v1alpha1.ReasonPodCreation, v1alpha1.ReasonUnschedulable, v1alpha1.ReasonCanaryFailed, v1alpha1.ReasonTierTooLow}
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 6))
		w := draw(r)
		w.fault = faults[seed%uint64(len(faults))]
		w.at = time.Duration(r.Float64() * float64(w.lead/2-20*time.Second))
		seen, at := w.play(w.lead / 2)
		if last := seen[len(seen)-1]; last != "False "+w.fault || at > w.lead/2 {
			t.Errorf("contest %d with a lead of %v: %v, the last after %v, want False %s by half of it", seed, w.lead, seen, at, w.fault)
		}
	}
}
