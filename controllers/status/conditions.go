package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// progress is how far the pool is from what its spec says.
type progress int

const (
	// done: every pod runs the present spec and as many as desired are ready.
	done progress = iota
	// rolling: pods are being replaced.
	rolling
	// scaling: pods are being added or removed.
	scaling
	// waiting: the pods are there and not all ready.
	waiting
)

// progressOf reads it from the Deployment. A rollout or a scale that began stays one until all replicas are ready, so that
// the reason does not jump while its last pods start.
func progressOf(next v1alpha1.ExecutorPoolStatus, in Input) progress {
	begun := begunBefore(in.Pool)
	switch {
	case in.TemplateWritten && !in.Paused:
		return rolling
	case in.Deployment == nil:
		return scaling
	case in.DeploymentWritten || in.Deployment.Status.ObservedGeneration < in.Deployment.Generation:
		// The Deployment's status is of an older spec.
		if begun == rolling {
			return rolling
		}
		return scaling
	}
	s := in.Deployment.Status
	if in.Paused {
		// Nothing is under way: pods of an older spec are what is wanted for now.
		s.UpdatedReplicas = s.Replicas
	}
	switch {
	case s.Replicas > s.UpdatedReplicas:
		return rolling
	case s.Replicas == in.Desired && s.UpdatedReplicas == in.Desired && next.ReadyReplicas >= in.Desired:
		return done
	case begun == rolling:
		return rolling
	case s.Replicas != in.Desired || begun == scaling:
		return scaling
	}
	return waiting
}

// rolloutHeld is the condition of that name; nil when nothing waits.
func rolloutHeld(in Input) *metav1.Condition {
	d := in.Deployment
	if !in.Paused || d == nil {
		return nil
	}
	waits := in.TemplateWritten || d.Status.UpdatedReplicas < d.Status.Replicas
	if d.Status.ObservedGeneration < d.Generation {
		// The Deployment's status is of an older spec: what was said still stands.
		waits = waits || meta.IsStatusConditionTrue(in.Pool.Status.Conditions, v1alpha1.ConditionRolloutHeld)
	}
	if !waits {
		return nil
	}
	return &metav1.Condition{Type: v1alpha1.ConditionRolloutHeld, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonContestRunning,
		Message: "What reaches the pods has changed while a contest runs: they are replaced when it is over, or at once with spec.rollout.duringContest: Proceed."}
}

func begunBefore(pool *v1alpha1.ExecutorPool) progress {
	c := meta.FindStatusCondition(pool.Status.Conditions, v1alpha1.ConditionReconciling)
	if c == nil || c.Status != metav1.ConditionTrue {
		return done
	}
	switch c.Reason {
	case v1alpha1.ReasonRollingOut:
		return rolling
	case v1alpha1.ReasonScaling:
		return scaling
	}
	return waiting
}

func ready(next v1alpha1.ExecutorPoolStatus, p progress, f *fault, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse}
	switch {
	case f != nil:
		c.Reason, c.Message = f.reason, f.message
	case p == done && in.Desired == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, "No replicas are desired: "+why(next, in)+"."
	case p == done:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady, "All replicas are ready and run the present spec."
	case p == scaling && next.ReadyReplicas >= in.Desired:
		// On the way down more are ready than are desired: the pool serves all that is asked of it.
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady, "All replicas are ready and run the present spec."
	case p == rolling:
		c.Reason, c.Message = v1alpha1.ReasonRollingOut, "Pods are being replaced by pods of the present spec."
	case p == scaling:
		c.Reason, c.Message = v1alpha1.ReasonScaling, fmt.Sprintf("Replicas are starting; %d are desired.", in.Desired)
	default:
		c.Reason, c.Message = v1alpha1.ReasonReplicasNotReady, "Some replicas are not ready yet."
	}
	return c
}

// why is the reason of the desired replicas as it was when they were decided: the present words have numbers that move.
func why(next v1alpha1.ExecutorPoolStatus, in Input) string {
	if s := next.LastScale; s != nil && s.To == in.Desired {
		return s.Reason
	}
	return in.DesiredReason
}

func reconciling(next v1alpha1.ExecutorPoolStatus, p progress, f *fault, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue}
	switch {
	case in.Obstacle != nil:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, f.reason, "Nothing is changed until the obstacle is gone."
	case p == done:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonUpToDate, "There is nothing to do."
	case p == rolling:
		c.Reason, c.Message = v1alpha1.ReasonRollingOut, "Pods are being replaced because what reaches them changed."
	case p == scaling:
		c.Reason, c.Message = v1alpha1.ReasonScaling, fmt.Sprintf("Scaling to %d replicas: %s.", in.Desired, why(next, in))
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
		Reason: v1alpha1.ReasonProgressing, Message: "Nothing keeps the pool from making progress."}
}

// stalledMessage is what Stalled said before; empty when the pool was not stalled.
func stalledMessage(pool *v1alpha1.ExecutorPool) string {
	c := meta.FindStatusCondition(pool.Status.Conditions, v1alpha1.ConditionStalled)
	if c == nil || c.Status != metav1.ConditionTrue {
		return ""
	}
	return c.Message
}
