package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/capacity"
	"executorpool.dev/controllers/status"
)

// alarmTime returns the instant from which missing replicas count as a fault. It is half of the
// warm-up before the start, so that time for a repair remains.
func alarmTime(c calendar.Contest) time.Time { return c.Start.Add(-c.WarmUp / 2) }

// InPreflight reports whether each replica should be checked: from the warm-up on, until the
// contest has started and all replicas are proved.
func InPreflight(c *v1alpha1.Contest, now time.Time) bool {
	entry := Entry(c)
	return entry.Phase(now).Holds() && !provedReady(c, entry, now)
}

// provedReady reports whether the contest has started with a ready pool. That result is final:
// later faults of the pool are reported by the pool's own conditions.
func provedReady(c *v1alpha1.Contest, entry calendar.Contest, now time.Time) bool {
	is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed)
	return is != nil && is.Status == metav1.ConditionTrue && is.ObservedGeneration == c.Generation && !now.Before(entry.Start)
}

// prewarmedCondition returns the condition Prewarmed, which reports whether the pool is ready for
// the contest.
func prewarmedCondition(next v1alpha1.ContestStatus, entry calendar.Contest, floor int, in Input) metav1.Condition {
	before := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionPrewarmed)
	phase := entry.Phase(in.Now)
	switch {
	case before != nil && (phase.Over() || provedReady(in.Contest, entry, in.Now)):
		return *before
	case phase.Over():
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "The contest was over before its warm-up.")
	case in.Pool == nil:
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPoolNotFound,
			"There is no ExecutorPool %s in namespace %s: create it, or delete this Contest and name the right pool.", in.Contest.Spec.PoolName, in.Contest.Namespace)
	}
	if c, is := exceedsQuota(next, in); is {
		return c
	}
	if c, is := exceedsNodes(next, entry, in); is {
		return c
	}
	if c, is := exceedsMaxReplicas(next, in); is {
		return c
	}
	if !phase.Holds() {
		return beforeWarmUp(in)
	}
	return preflight(entry, floor, in)
}

// preflight reports definite faults first, then replicas that are missing or not proved yet.
func preflight(entry calendar.Contest, floor int, in Input) metav1.Condition {
	conditions := in.Pool.Status.Conditions
	for _, r := range in.Replicas {
		if r.Fault != "" {
			return condition(metav1.ConditionFalse, v1alpha1.ReasonCanaryFailed,
				"Replica %s is ready and fails: %s. Delete the pod; if its successor fails too, check the image.", r.Name, status.Quote(r.Fault))
		}
	}
	isolated := meta.FindStatusCondition(conditions, v1alpha1.ConditionIsolationEnforced)
	if isolated != nil && isolated.Status == metav1.ConditionFalse {
		return condition(metav1.ConditionFalse, isolated.Reason, "%s", isolated.Message)
	}
	reason, cause := firstMissing(floor, isolated, in)
	if cause == "" {
		return condition(metav1.ConditionTrue, v1alpha1.ReasonEveryReplicaProved,
			"%s are ready, behind the Service and isolated, and passed the canary in each language.", replicas(int32(floor)))
	}
	if stalled := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled); stalled != nil && stalled.Status == metav1.ConditionTrue {
		return condition(metav1.ConditionFalse, stalled.Reason, "%s", stalled.Message)
	}
	if in.Now.Before(alarmTime(entry)) {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmingUp, "Not yet: %s.", cause)
	}
	return condition(metav1.ConditionFalse, reason, "Half of the warm-up is over and %s: see `kubectl describe executorpool %s` and the events of its pods.",
		cause, in.Contest.Spec.PoolName)
}

// firstMissing returns the first requirement that some replica does not meet yet, as a reason and a
// clause. Both are empty when all replicas meet all requirements.
func firstMissing(floor int, isolated *metav1.Condition, in Input) (reason, text string) {
	if len(in.Replicas) < floor || floor == 0 {
		return v1alpha1.ReasonReplicasNotReady, fmt.Sprintf("fewer than %s are ready", replicas(int32(floor)))
	}
	for _, r := range in.Replicas {
		if !r.InService {
			return v1alpha1.ReasonNotInService, fmt.Sprintf("replica %s is not an endpoint of the Service", r.Name)
		}
	}
	if isolated == nil || isolated.Status != metav1.ConditionTrue {
		return v1alpha1.ReasonReplicasSilent, "no replica has reported its isolation tier"
	}
	for _, r := range in.Replicas {
		if !r.Proved {
			return v1alpha1.ReasonCanaryPending, fmt.Sprintf("replica %s has not answered the canary", r.Name)
		}
	}
	return "", ""
}

// exceedsQuota returns the condition that a quota is too small for the planned replicas.
func exceedsQuota(next v1alpha1.ContestStatus, in Input) (metav1.Condition, bool) {
	if in.QuotaHeadroom == nil || in.QuotaHeadroom.Replicas >= next.Replicas {
		return metav1.Condition{}, false
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonExceedsQuota, "%s, and quota %s (%s) allows %d: %s. Raise the quota, or plan fewer replicas.",
		next.Sizing, in.QuotaHeadroom.Quota, in.QuotaHeadroom.Resource, in.QuotaHeadroom.Replicas, servable(in, in.QuotaHeadroom.Replicas)), true
}

// servable describes the service that n replicas give to the contest.
func servable(in Input, n int32) string {
	load, pool, target := demand(in)
	text := fmt.Sprintf("these can serve %d participants within the target", capacity.Fit(load, pool, target, int(n)))
	if n > 0 && load.Participants > 0 {
		text += fmt.Sprintf("; with %d, 95 of 100 submissions of the burst wait up to %.1f s", load.Participants,
			capacity.BurstWait(load, pool, int(n)).Seconds())
	}
	return text
}

// exceedsMaxReplicas returns the condition that the pool's scaling.maxReplicas is too small for the
// contest.
func exceedsMaxReplicas(next v1alpha1.ContestStatus, in Input) (metav1.Condition, bool) {
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
