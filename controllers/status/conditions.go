package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// progress is how far the pool is from its spec.
type progress int

const (
	// upToDate means that every pod runs the current spec and all desired replicas are ready.
	upToDate progress = iota
	// rollingOut means that pods are being replaced.
	rollingOut
	// scalingPods means that pods are being added or removed.
	scalingPods
	// waitingForPods means that all pods exist and some are not ready.
	waitingForPods
)

// progressOf derives the progress from the Deployment. A rollout or a scale lasts until all
// replicas are ready, so that the reason does not change while the last pods start.
func progressOf(next v1alpha1.ExecutorPoolStatus, in Input) progress {
	previous := previousProgress(in.Pool)
	switch {
	case in.TemplateWritten && !in.Paused:
		return rollingOut
	case in.Deployment == nil:
		return scalingPods
	case in.DeploymentWritten || in.Deployment.Status.ObservedGeneration < in.Deployment.Generation:
		// The Deployment's status is of an older spec.
		if previous == rollingOut {
			return rollingOut
		}
		return scalingPods
	}
	s := in.Deployment.Status
	if in.Paused {
		// No rollout is under way: pods of an older spec are wanted while the rollout is paused.
		s.UpdatedReplicas = s.Replicas
	}
	switch {
	case s.Replicas > s.UpdatedReplicas:
		return rollingOut
	case s.Replicas == in.Desired && s.UpdatedReplicas == in.Desired && next.ReadyReplicas >= in.Desired:
		return upToDate
	case previous == rollingOut:
		return rollingOut
	case s.Replicas != in.Desired || previous == scalingPods:
		return scalingPods
	}
	return waitingForPods
}

// rolloutHeld returns the condition RolloutHeld; nil when no rollout is held.
func rolloutHeld(in Input) *metav1.Condition {
	d := in.Deployment
	if !in.Paused || d == nil {
		return nil
	}
	waits := in.TemplateWritten || d.Status.UpdatedReplicas < d.Status.Replicas
	if d.Status.ObservedGeneration < d.Generation {
		// The Deployment's status is of an older spec: keep the previous condition.
		waits = waits || meta.IsStatusConditionTrue(in.Pool.Status.Conditions, v1alpha1.ConditionRolloutHeld)
	}
	if !waits {
		return nil
	}
	return &metav1.Condition{Type: v1alpha1.ConditionRolloutHeld, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContestRunning,
		Message: "The pod template has changed while a contest runs. The pods are replaced after the contest, or now with spec.rollout.duringContest: Proceed."}
}

func previousProgress(pool *v1alpha1.ExecutorPool) progress {
	c := meta.FindStatusCondition(pool.Status.Conditions, v1alpha1.ConditionReconciling)
	if c == nil || c.Status != metav1.ConditionTrue {
		return upToDate
	}
	switch c.Reason {
	case v1alpha1.ReasonRollingOut:
		return rollingOut
	case v1alpha1.ReasonScaling:
		return scalingPods
	}
	return waitingForPods
}

func ready(next v1alpha1.ExecutorPoolStatus, p progress, f *fault, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse}
	switch {
	case f != nil:
		c.Reason, c.Message = f.reason, f.message
	case p == upToDate && in.Desired == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "No replicas are desired: "+decidedReason(next, in)+"."
	case p == upToDate:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady, "All replicas are ready and run the current spec."
	case p == scalingPods && next.ReadyReplicas >= in.Desired:
		// During a scale-down more replicas are ready than desired: the pool serves its whole load.
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady, "All replicas are ready and run the current spec."
	case p == rollingOut:
		c.Reason, c.Message = v1alpha1.ReasonRollingOut, "A rollout replaces pods of an older spec."
	case p == scalingPods:
		c.Reason, c.Message = v1alpha1.ReasonScaling, fmt.Sprintf("Replicas are starting; %d are desired.", in.Desired)
	default:
		c.Reason, c.Message = v1alpha1.ReasonReplicasNotReady, "Some replicas are not ready yet."
	}
	return c
}

// decidedReason returns the reason of the desired replicas from the time of the decision. The
// current reason holds numbers that change.
func decidedReason(next v1alpha1.ExecutorPoolStatus, in Input) string {
	if s := next.LastScale; s != nil && s.To == in.Desired {
		return s.Reason
	}
	return in.DesiredReason
}

func reconciling(next v1alpha1.ExecutorPoolStatus, p progress, f *fault, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue}
	switch {
	case in.Obstacle != nil:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, f.reason, "The controller changes nothing until the obstacle is removed."
	case p == upToDate:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonUpToDate, "The pool matches its spec."
	case p == rollingOut:
		c.Reason, c.Message = v1alpha1.ReasonRollingOut, "A rollout replaces the pods because the pod template changed."
	case p == scalingPods:
		c.Reason, c.Message = v1alpha1.ReasonScaling, fmt.Sprintf("Scaling to %d replicas: %s.", in.Desired, decidedReason(next, in))
	default:
		c.Reason, c.Message = v1alpha1.ReasonReplicasNotReady, "Waiting for replicas to become ready."
	}
	return c
}

func stalled(f *fault) metav1.Condition {
	if f != nil && f.stalls {
		return metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: f.reason, Message: f.message}
	}
	return metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonProgressing, Message: "No fault keeps the pool from making progress."}
}

// stalledMessage returns the previous message of Stalled; empty when the pool was not stalled.
func stalledMessage(pool *v1alpha1.ExecutorPool) string {
	c := meta.FindStatusCondition(pool.Status.Conditions, v1alpha1.ConditionStalled)
	if c == nil || c.Status != metav1.ConditionTrue {
		return ""
	}
	return c.Message
}
