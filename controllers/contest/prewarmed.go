package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

// callTime is until when replicas may take their time. Half of the lead is left then to see to it.
func callTime(c calendar.Contest) time.Time { return c.Start.Add(-c.WarmUp / 2) }

// prewarmed says whether the pool is ready for the contest. Once the contest has started and found it ready, that stands:
// what happens to the pool later is the pool's own to tell.
func prewarmed(next v1alpha1.ContestStatus, entry calendar.Contest, floor int, in Input) metav1.Condition {
	before := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionPrewarmed)
	phase := entry.Phase(in.Now)
	stands := before != nil && before.Status == metav1.ConditionTrue && !in.Now.Before(entry.Start) && before.ObservedGeneration == in.Contest.Generation
	switch {
	case before != nil && phase.Over(), stands:
		return *before
	case phase.Over():
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "The contest was over before anything was warmed up.")
	case in.Pool == nil:
		return condition(metav1.ConditionFalse, v1alpha1.ReasonPoolNotFound,
			"There is no ExecutorPool %s in namespace %s: create it, or delete this Contest and name the right pool.", in.Contest.Spec.PoolName, in.Contest.Namespace)
	}
	if short, is := tooFew(next, in); is {
		return short
	}
	if !phase.Holds() {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "It is too early to say; status.warmUpTime is when the pool begins to grow.")
	}
	pool := in.Pool.Status
	if int(pool.ReadyReplicas) >= floor && floor > 0 && !isFalse(pool.Conditions, v1alpha1.ConditionIsolationEnforced) {
		return condition(metav1.ConditionTrue, v1alpha1.ReasonEveryReplicaReady, "%s are ready, as many as the pool's contests hold now.", replicas(int32(floor)))
	}
	for _, kind := range []string{v1alpha1.ConditionStalled, v1alpha1.ConditionIsolationEnforced} {
		c := meta.FindStatusCondition(pool.Conditions, kind)
		if c != nil && (c.Status == metav1.ConditionTrue) == (kind == v1alpha1.ConditionStalled) && c.Status != metav1.ConditionUnknown {
			return condition(metav1.ConditionFalse, c.Reason, "%s", c.Message)
		}
	}
	if in.Now.Before(callTime(entry)) {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmingUp, "Replicas are starting; %d are wanted.", floor)
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonReplicasNotReady,
		"Half of the warm-up is over and fewer than %s are ready: `kubectl describe executorpool %s` and its pods tell why.", replicas(int32(floor)), in.Contest.Spec.PoolName)
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

func isFalse(conditions []metav1.Condition, kind string) bool {
	c := meta.FindStatusCondition(conditions, kind)
	return c != nil && c.Status == metav1.ConditionFalse
}
