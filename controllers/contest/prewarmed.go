package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/capacity"
)

// callTime is until when replicas may take their time. Half of the lead is left then to see to it.
func callTime(c calendar.Contest) time.Time { return c.Start.Add(-c.WarmUp / 2) }

// InPreflight says whether the replicas are to be looked at one by one: from the warm-up on, until the contest has started
// and found them right.
func InPreflight(c *v1alpha1.Contest, now time.Time) bool {
	entry := Entry(c)
	return entry.Phase(now).Holds() && !found(c, entry, now)
}

// found says that the contest has started and found its pool ready. That stands: what happens to the pool later is the
// pool's own to tell.
func found(c *v1alpha1.Contest, entry calendar.Contest, now time.Time) bool {
	is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed)
	return is != nil && is.Status == metav1.ConditionTrue && is.ObservedGeneration == c.Generation && !now.Before(entry.Start)
}

// prewarmed says whether the pool is ready for the contest.
func prewarmed(next v1alpha1.ContestStatus, entry calendar.Contest, floor int, in Input) metav1.Condition {
	before := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionPrewarmed)
	phase := entry.Phase(in.Now)
	switch {
	case before != nil && (phase.Over() || found(in.Contest, entry, in.Now)):
		return *before
	case phase.Over():
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "The contest was over before anything was warmed up.")
	case in.Pool == nil:
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPoolNotFound,
			"There is no ExecutorPool %s in namespace %s: create it, or delete this Contest and name the right pool.", in.Contest.Spec.PoolName, in.Contest.Namespace)
	}
	if short, is := noRoom(next, in); is {
		return short
	}
	if short, is := noNodes(next, entry, in); is {
		return short
	}
	if short, is := tooFew(next, in); is {
		return short
	}
	if !phase.Holds() {
		return early(in)
	}
	return preflight(entry, floor, in)
}

// preflight goes from what is wrong for certain to what may still come.
func preflight(entry calendar.Contest, floor int, in Input) metav1.Condition {
	conditions := in.Pool.Status.Conditions
	for _, r := range in.Replicas {
		if r.Fault != "" {
			return condition(metav1.ConditionFalse, v1alpha1.ReasonCanaryFailed,
				"Replica %s is ready and fails: %s. Delete the pod; if the next one fails too, look at its image.", r.Name, r.Fault)
		}
	}
	isolated := meta.FindStatusCondition(conditions, v1alpha1.ConditionIsolationEnforced)
	if isolated != nil && isolated.Status == metav1.ConditionFalse {
		return condition(metav1.ConditionFalse, isolated.Reason, "%s", isolated.Message)
	}
	reason, lacks := missing(floor, isolated, in)
	if lacks == "" {
		return condition(metav1.ConditionTrue, v1alpha1.ReasonEveryReplicaProved,
			"%s are ready, behind the Service and isolated, and answered the canary rightly in each language.", replicas(int32(floor)))
	}
	if stalled := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled); stalled != nil && stalled.Status == metav1.ConditionTrue {
		return condition(metav1.ConditionFalse, stalled.Reason, "%s", stalled.Message)
	}
	if in.Now.Before(callTime(entry)) {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmingUp, "Not yet: %s.", lacks)
	}
	return condition(metav1.ConditionFalse, reason, "Half of the warm-up is over and %s: `kubectl describe executorpool %s` and its pods tell more.",
		lacks, in.Contest.Spec.PoolName)
}

// missing is the first thing that all replicas do not have yet, as a reason and in words; empty when they have everything.
func missing(floor int, isolated *metav1.Condition, in Input) (reason, words string) {
	if len(in.Replicas) < floor || floor == 0 {
		return v1alpha1.ReasonReplicasNotReady, fmt.Sprintf("fewer than %s are ready", replicas(int32(floor)))
	}
	for _, r := range in.Replicas {
		if !r.InService {
			return v1alpha1.ReasonNotInService, fmt.Sprintf("the Service does not lead to replica %s", r.Name)
		}
	}
	if isolated == nil || isolated.Status != metav1.ConditionTrue {
		return v1alpha1.ReasonReplicasSilent, "no replica has told what isolation it proved"
	}
	for _, r := range in.Replicas {
		if !r.Right {
			return v1alpha1.ReasonCanaryPending, fmt.Sprintf("replica %s has not answered the canary", r.Name)
		}
	}
	return "", ""
}

// noRoom says that a quota does not let the pool have as many replicas as are planned, as soon as that is known.
func noRoom(next v1alpha1.ContestStatus, in Input) (metav1.Condition, bool) {
	if in.Room == nil || in.Room.Replicas >= next.Replicas {
		return metav1.Condition{}, false
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonExceedsQuota, "%s, and quota %s (%s) leaves room for %d: %s. Raise the quota, or ask for less.",
		next.Sizing, in.Room.Quota, in.Room.Resource, in.Room.Replicas, served(in, in.Room.Replicas)), true
}

// served says what a contest gets of so many replicas instead of the planned ones.
func served(in Input, n int32) string {
	load, pool, target := demand(in)
	words := fmt.Sprintf("these can serve %d participants within the target", capacity.Fit(load, pool, target, int(n)))
	if n > 0 && load.Participants > 0 {
		words += fmt.Sprintf("; with %d, 95 of 100 submissions of the burst wait up to %.1f s", load.Participants,
			capacity.BurstWait(load, pool, int(n)).Seconds())
	}
	return words
}

// tooFew says that the pool may not have as many replicas as the contest takes, as soon as that is known.
func tooFew(next v1alpha1.ContestStatus, in Input) (metav1.Condition, bool) {
	spec := in.Contest.Spec
	limit := in.Pool.Spec.Scaling.MaxReplicas
	if spec.Replicas > 0 || limit == 0 || next.Replicas < limit || next.ServableParticipants >= spec.Participants {
		return metav1.Condition{}, false
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonExceedsMaxReplicas,
		"%s: these can serve %d participants within the target; with %d, 95 of 100 submissions of the burst wait up to %.1f s. "+
			"Raise scaling.maxReplicas of pool %s, set replicas of this Contest, or allow a longer targetWaitSeconds.",
		next.Sizing, next.ServableParticipants, spec.Participants, float64(next.ExpectedWaitMillis)/1000, spec.PoolName), true
}

func condition(status metav1.ConditionStatus, reason, format string, arguments ...any) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionPrewarmed, Status: status, Reason: reason, Message: fmt.Sprintf(format, arguments...)}
}
