package status

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/pods"
)

// Decide returns the status of the pool at in.Now.
func Decide(in Input) Decision {
	before := in.Pool.Status
	next := *before.DeepCopy()
	next.ObservedGeneration = in.Pool.Generation
	next.Selector = in.Selector
	next.NextContest = in.NextContest
	count(&next, in)
	scale(&next, in)

	var decision Decision
	found := findFault(in)
	progress := progressOf(next, in)
	if progress == upToDate {
		found = obstacleOnly(found, in)
	}
	if found != nil {
		decision.Recheck = found.recheck
	}
	for _, c := range []metav1.Condition{
		ready(next, progress, found, in),
		reconciling(next, progress, found, in),
		stalled(found),
		metricsFresh(in),
		scalingLimited(in),
		isolationEnforced(in),
	} {
		c.ObservedGeneration = in.Pool.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		meta.SetStatusCondition(&next.Conditions, Written(c))
	}
	meta.RemoveStatusCondition(&next.Conditions, v1alpha1.ConditionRolloutHeld)
	if c := rolloutHeld(in); c != nil {
		c.ObservedGeneration = in.Pool.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		if was := meta.FindStatusCondition(before.Conditions, c.Type); was != nil {
			c.LastTransitionTime = was.LastTransitionTime
		}
		meta.SetStatusCondition(&next.Conditions, Written(*c))
	}
	decision.Status = next
	decision.Events = events(in, before, next)
	return decision
}

// obstacleOnly drops faults of pods. It is used when the pool has all desired replicas: a surplus
// pod that does not start is about to be removed. An obstacle stays, because the objects differ
// from the spec.
func obstacleOnly(f *fault, in Input) *fault {
	if in.Obstacle != nil {
		return f
	}
	return nil
}

// count sets the numbers of replicas from the Deployment and those of slots and queue from the
// executors. A replica without a trusted answer counts with the slots of the spec, because it
// serves. Its busy slots and its queue are unknown, which MetricsFresh shows.
func count(next *v1alpha1.ExecutorPoolStatus, in Input) {
	next.Replicas, next.ReadyReplicas = 0, 0
	if in.Deployment != nil {
		next.Replicas = in.Deployment.Status.Replicas
		next.ReadyReplicas = in.Deployment.Status.ReadyReplicas
	}
	next.Slots, next.BusySlots, next.QueueDepth = 0, 0, 0
	for i := range in.Pods {
		pod := &in.Pods[i]
		if !pods.Ready(pod) {
			continue
		}
		state := in.Replicas[pod.Name]
		if !state.Answered {
			next.Slots += in.Pool.Spec.Workers * in.Pool.Spec.Threads
			continue
		}
		next.Slots += state.Slots
		next.BusySlots += state.Busy
		next.QueueDepth += state.Queued
	}
}

// scale records a change of the desired replicas. With an obstacle nothing was scaled.
func scale(next *v1alpha1.ExecutorPoolStatus, in Input) {
	if in.Obstacle != nil || next.DesiredReplicas == in.Desired {
		return
	}
	next.LastScale = &v1alpha1.ScaleRecord{
		Time: metav1.NewTime(in.Now.Truncate(time.Second)), From: next.DesiredReplicas, To: in.Desired, Reason: Bounded(in.DesiredReason),
	}
	next.DesiredReplicas = in.Desired
}
