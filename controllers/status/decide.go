package status

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/pods"
)

// Decide says what the pool's status is now.
func Decide(in Input) Decision {
	before := in.Pool.Status
	next := *before.DeepCopy()
	next.ObservedGeneration = in.Pool.Generation
	next.Selector = in.Selector
	next.NextContest = in.NextContest
	count(&next, in)
	scale(&next, in)

	var decision Decision
	trouble := findFault(in)
	progress := progressOf(next, in)
	if progress == done {
		trouble = keepObstacle(trouble, in)
	}
	if trouble != nil {
		decision.Recheck = trouble.recheck
	}
	for _, c := range []metav1.Condition{
		ready(next, progress, trouble, in),
		reconciling(next, progress, trouble, in),
		stalled(trouble),
		fresh(in),
		limited(in),
		isolation(in),
	} {
		c.ObservedGeneration = in.Pool.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		meta.SetStatusCondition(&next.Conditions, c)
	}
	meta.RemoveStatusCondition(&next.Conditions, v1alpha1.ConditionRolloutHeld)
	if c := rolloutHeld(in); c != nil {
		c.ObservedGeneration = in.Pool.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		if was := meta.FindStatusCondition(before.Conditions, c.Type); was != nil {
			c.LastTransitionTime = was.LastTransitionTime
		}
		meta.SetStatusCondition(&next.Conditions, *c)
	}
	decision.Status = next
	decision.Events = events(in, before, next)
	return decision
}

// keepObstacle forgets faults of pods once the pool has all it wants: a pod too many that does not start is on its way
// out. An obstacle stays one, since the objects are not as the spec says.
func keepObstacle(f *fault, in Input) *fault {
	if in.Obstacle != nil {
		return f
	}
	return nil
}

// count fills in what is there: pods from the Deployment, slots and queue from the executors. Slots of a replica that did
// not answer are counted as the spec has them, since it serves; what it runs is not known, which MetricsFresh tells.
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
		report := in.Reports[pod.Name]
		if !report.Answered {
			next.Slots += in.Pool.Spec.Workers * in.Pool.Spec.Threads
			continue
		}
		next.Slots += report.Slots
		next.BusySlots += report.Busy
		next.QueueDepth += report.Queued
	}
}

// scale records a change of the desired replicas. An obstacle means nothing was scaled.
func scale(next *v1alpha1.ExecutorPoolStatus, in Input) {
	if in.Obstacle != nil || next.DesiredReplicas == in.Desired {
		return
	}
	next.LastScale = &v1alpha1.ScaleRecord{
		Time: metav1.NewTime(in.Now.Truncate(time.Second)), From: next.DesiredReplicas, To: in.Desired, Reason: Bounded(in.DesiredReason),
	}
	next.DesiredReplicas = in.Desired
}
