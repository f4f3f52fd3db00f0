package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/pods"
)

const held = " While this lasts the autoscaler removes no replica."

// fresh is the condition MetricsFresh, about replicas that serve and, in a pool that scales itself, about what its decisions
// rest on. A replica that has only just become ready and was not asked yet is no part of it.
func fresh(in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionMetricsFresh, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSampled,
		Message: "Every ready replica reported its slots and queue."}
	serving, asked, doubtful := 0, 0, ""
	for i := range in.Pods {
		pod := &in.Pods[i]
		if !pods.Ready(pod) {
			continue
		}
		serving++
		report, ok := in.Reports[pod.Name]
		if !ok {
			continue
		}
		asked++
		if !report.Answered && (doubtful == "" || pod.Name < doubtful) {
			doubtful = pod.Name
		}
	}
	switch {
	case serving == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoReplicas, "There is no ready replica to ask."
	case asked == 0:
		return notYet(c, in)
	case doubtful != "":
		c.Status = metav1.ConditionFalse
		c.Reason, c.Message = doubtAbout(doubtful, in.Reports[doubtful].Doubt)
		if in.Scaling.On {
			c.Message += held
		}
	case in.Scaling.On:
		return believed(c, in)
	}
	return c
}

func doubtAbout(pod string, doubt Doubt) (reason, message string) {
	switch doubt {
	case Impossible:
		return v1alpha1.ReasonSamplesImpossible, fmt.Sprintf("Ready replicas report what cannot be true, pod %s among them; "+
			"busySlots and queueDepth leave them out. See whether spec.image is an executor of this release.", pod)
	case Frozen:
		return v1alpha1.ReasonSamplesFrozen, fmt.Sprintf("Ready replicas give an old answer again and again, pod %s among them; "+
			"busySlots and queueDepth leave them out. See whether something between the manager and the pods caches.", pod)
	}
	return v1alpha1.ReasonReplicasSilent, fmt.Sprintf("Ready replicas did not answer /v1/state, pod %s among them; busySlots and "+
		"queueDepth leave them out. If it lasts, see that network policies let the manager reach port 8000 of the pods.", pod)
}

// believed says why the autoscaler does not believe samples that the replicas answered well.
func believed(c metav1.Condition, in Input) metav1.Condition {
	c.Status = metav1.ConditionFalse
	switch in.Scaling.Problem {
	case autoscale.DistrustMissing:
		if in.Scaling.Cause == "" {
			return notYet(c, in)
		}
		c.Reason, c.Message = v1alpha1.ReasonSourceFailed, sentence(Quote(in.Scaling.Cause))
	case autoscale.DistrustStale:
		c.Reason, c.Message = v1alpha1.ReasonSamplesStale, "The replicas were not sampled lately."
	case autoscale.DistrustSilent:
		c.Reason, c.Message = v1alpha1.ReasonReplicasSilent, "Half of the replicas or more do not answer."
	case autoscale.DistrustImpossible:
		c.Reason, c.Message = v1alpha1.ReasonSamplesImpossible, "The number of waiting submissions or busy slots cannot be true: see scaling.source."
	case autoscale.DistrustFrozen:
		c.Reason, c.Message = v1alpha1.ReasonSamplesFrozen, "There is work, and no number has moved for longer than a submission may take: see scaling.source and the replicas."
	case autoscale.DistrustReset, autoscale.DistrustVanished:
		c.Reason, c.Message = v1alpha1.ReasonSamplesContradictory, "Submissions are gone that nobody has finished: see scaling.source and the replicas."
	case autoscale.DistrustClock:
		c.Reason, c.Message = v1alpha1.ReasonSamplesContradictory, "The manager's clock has jumped, or the manager stood still."
	default: // none, or nobody to ask
		c.Status = metav1.ConditionTrue
		return c
	}
	c.Message += held
	return c
}

// notYet keeps what was said before: a manager that has just begun knows nothing better.
func notYet(c metav1.Condition, in Input) metav1.Condition {
	if before := meta.FindStatusCondition(in.Pool.Status.Conditions, c.Type); before != nil {
		return *before
	}
	c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNotSampledYet, "No replica was asked yet."
	return c
}

// limited is the condition ScalingLimited.
func limited(in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionScalingLimited, Status: metav1.ConditionTrue}
	switch {
	case !in.Scaling.On:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonAutoscalingOff, "The pool has the replicas that are asked for; scaling.maxReplicas would let it add more."
	case in.Scaling.Limited == autoscale.LimitCeiling:
		c.Reason, c.Message = v1alpha1.ReasonTooFewAllowed, fmt.Sprintf("The queue needs more replicas than scaling.maxReplicas, "+
			"which is %d: raise it if the cluster has room, or submissions wait longer than scaling.targetWaitSeconds.", in.Pool.Spec.Scaling.MaxReplicas)
	case in.Scaling.Limited == autoscale.LimitHoldOut:
		c.Reason, c.Message = v1alpha1.ReasonHeldOut, fmt.Sprintf("The queue needs more replicas, and scaling.hold is %s: set it to None to let the pool grow.", in.Pool.Spec.Scaling.Hold)
	case in.Scaling.Limited == autoscale.LimitHoldIn:
		c.Reason, c.Message = v1alpha1.ReasonHeldIn, fmt.Sprintf("The pool has more replicas than it needs, and scaling.hold is %s: set it to None to let it shrink.", in.Pool.Spec.Scaling.Hold)
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonWithinLimits, "Nothing keeps the pool from the replicas it needs."
	}
	return c
}
