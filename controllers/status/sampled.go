package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/pods"
)

const noScaleDown = " The autoscaler removes no replica until this is resolved."

// metricsFresh returns the condition MetricsFresh. It concerns the ready replicas and, in a pool
// with autoscaling, the samples of the autoscaler. It leaves out a replica that became ready and
// was not asked yet.
func metricsFresh(in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionMetricsFresh, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSampled,
		Message: "Every ready replica reported its slots and queue."}
	serving, asked, distrustedPod := 0, 0, ""
	for i := range in.Pods {
		pod := &in.Pods[i]
		if !pods.Ready(pod) {
			continue
		}
		serving++
		state, ok := in.Replicas[pod.Name]
		if !ok {
			continue
		}
		asked++
		if !state.Answered && (distrustedPod == "" || pod.Name < distrustedPod) {
			distrustedPod = pod.Name
		}
	}
	switch {
	case serving == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoReplicas, "No replica is ready."
	case asked == 0:
		return unchangedOrUnknown(c, in)
	case distrustedPod != "":
		c.Status = metav1.ConditionFalse
		c.Reason, c.Message = distrusted(distrustedPod, in.Replicas[distrustedPod].Distrust)
		if in.Scaling.Enabled {
			c.Message += noScaleDown
		}
	case in.Scaling.Enabled:
		return scalingSamples(c, in)
	}
	return c
}

func distrusted(pod string, distrust Distrust) (reason, message string) {
	switch distrust {
	case Impossible:
		return v1alpha1.ReasonSamplesImpossible, fmt.Sprintf("Ready replicas, among them pod %s, report impossible numbers; "+
			"busySlots and queueDepth leave them out. Check that spec.image is an executor of this release.", pod)
	case Frozen:
		return v1alpha1.ReasonSamplesFrozen, fmt.Sprintf("Ready replicas, among them pod %s, repeat an old answer; "+
			"busySlots and queueDepth leave them out. Check for a cache between the manager and the pods.", pod)
	}
	return v1alpha1.ReasonReplicasSilent, fmt.Sprintf("Ready replicas, among them pod %s, did not answer /v1/state; busySlots and "+
		"queueDepth leave them out. If this lasts, check that network policies allow the manager to reach port 8000 of the pods.", pod)
}

// scalingSamples sets the condition from the reason why the autoscaler distrusts samples that all
// replicas answered.
func scalingSamples(c metav1.Condition, in Input) metav1.Condition {
	c.Status = metav1.ConditionFalse
	switch in.Scaling.Distrust {
	case autoscale.DistrustMissing:
		if in.Scaling.Cause == "" {
			return unchangedOrUnknown(c, in)
		}
		c.Reason, c.Message = v1alpha1.ReasonSourceFailed, sentence(Quote(in.Scaling.Cause))
	case autoscale.DistrustStale:
		c.Reason, c.Message = v1alpha1.ReasonSamplesStale, "The last sample of the replicas is too old."
	case autoscale.DistrustSilent:
		c.Reason, c.Message = v1alpha1.ReasonReplicasSilent, "At least half of the replicas do not answer."
	case autoscale.DistrustImpossible:
		c.Reason, c.Message = v1alpha1.ReasonSamplesImpossible, "The number of queued submissions or busy slots is impossible: check scaling.source."
	case autoscale.DistrustFrozen:
		c.Reason, c.Message = v1alpha1.ReasonSamplesFrozen, "Submissions are queued or running, and no counter has changed for longer than timeoutSeconds: check scaling.source and the replicas."
	case autoscale.DistrustReset, autoscale.DistrustVanished:
		c.Reason, c.Message = v1alpha1.ReasonSamplesContradictory, "Submissions have disappeared without being finished: check scaling.source and the replicas."
	case autoscale.DistrustClock:
		c.Reason, c.Message = v1alpha1.ReasonSamplesContradictory, "The manager's clock has jumped, or the manager was suspended."
	default: // trusted, or no replica to ask
		c.Status = metav1.ConditionTrue
		return c
	}
	c.Message += noScaleDown
	return c
}

// unchangedOrUnknown keeps the previous condition: a manager that has just started has no samples.
func unchangedOrUnknown(c metav1.Condition, in Input) metav1.Condition {
	if before := meta.FindStatusCondition(in.Pool.Status.Conditions, c.Type); before != nil {
		return *before
	}
	c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNotSampledYet, "No replica has been sampled yet."
	return c
}

// scalingLimited returns the condition ScalingLimited.
func scalingLimited(in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionScalingLimited, Status: metav1.ConditionTrue}
	switch {
	case !in.Scaling.Enabled:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonAutoscalingOff, "Autoscaling is off; set scaling.maxReplicas to allow it."
	case in.Scaling.Limited == autoscale.LimitCeiling:
		c.Reason, c.Message = v1alpha1.ReasonTooFewAllowed, fmt.Sprintf("The queue needs more replicas than scaling.maxReplicas, "+
			"which is %d: raise it if the cluster has capacity; until then submissions wait longer than scaling.targetWaitSeconds.", in.Pool.Spec.Scaling.MaxReplicas)
	case in.Scaling.Limited == autoscale.LimitHoldOut:
		c.Reason, c.Message = v1alpha1.ReasonHeldOut, fmt.Sprintf("The queue needs more replicas, and scaling.hold is %s: set it to None to allow more replicas.", in.Pool.Spec.Scaling.Hold)
	case in.Scaling.Limited == autoscale.LimitHoldIn:
		c.Reason, c.Message = v1alpha1.ReasonHeldIn, fmt.Sprintf("The pool has more replicas than it needs, and scaling.hold is %s: set it to None to allow fewer.", in.Pool.Spec.Scaling.Hold)
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonWithinLimits, "No limit keeps the pool from the replicas that it needs."
	}
	return c
}
