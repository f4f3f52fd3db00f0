package status

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/pods"
)

const (
	// unschedulableGrace is the time for which a pod may wait for a node before the pool stalls. A
	// cluster autoscaler reacts to the same condition of the pod. The value is that of kstatus.
	unschedulableGrace = 15 * time.Second
	// readyGrace is the time for which a started container may be unready without a fault.
	readyGrace = 10 * time.Second
	// notServingGrace is the time after which a started but unready container stalls the pool.
	notServingGrace = time.Minute
	// crashWindow is the time that a container must run before its earlier ends no longer count as
	// a crash loop.
	crashWindow = 5 * time.Minute
)

var (
	pullReasons = []string{"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
		"RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"}
	startReasons = []string{"CreateContainerConfigError", "CreateContainerError", "RunContainerError",
		"PreCreateHookError", "PostStartHookError"}
)

// podFault returns the fault of one pod; nil for a pod that is ready, starting or ending.
func podFault(in Input, pod *corev1.Pod) *fault {
	if pod.DeletionTimestamp != nil || pods.Ready(pod) ||
		pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return nil
	}
	if c := condition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse &&
		c.Reason == corev1.PodReasonUnschedulable {
		return unschedulable(in, pod, c)
	}
	for _, c := range pod.Status.ContainerStatuses {
		if f := containerFault(in, pod, c); f != nil {
			return f
		}
	}
	return nil
}

func unschedulable(in Input, pod *corev1.Pod, c *corev1.PodCondition) *fault {
	waited := in.Now.Sub(c.LastTransitionTime.Time)
	return &fault{
		reason: v1alpha1.ReasonUnschedulable,
		message: sentence(fmt.Sprintf("No node takes pod %s: %s", pod.Name, Quote(c.Message)),
			"Add nodes, lower spec.resources or spec.replicas, or change spec.scheduling"),
		stalls:  waited >= unschedulableGrace,
		recheck: max(0, unschedulableGrace-waited),
	}
}

func containerFault(in Input, pod *corev1.Pod, c corev1.ContainerStatus) *fault {
	if w := c.State.Waiting; w != nil {
		switch {
		case slices.Contains(pullReasons, w.Reason):
			return pullFault(in, pod, c.Name, w)
		case slices.Contains(startReasons, w.Reason):
			return &fault{
				reason: v1alpha1.ReasonNotStarting,
				message: sentence(fmt.Sprintf("Pod %s cannot start its container: %s", pod.Name, Quote(w.Message)),
					describe(pod)),
				stalls: true,
			}
		case w.Reason == "CrashLoopBackOff":
			return crashFault(pod, c)
		}
		return nil
	}
	// Between two ends a container waits, runs for a moment, or has just ended. All three are the
	// same crash loop.
	if c.RestartCount >= 2 && (c.State.Running == nil || in.Now.Sub(c.State.Running.StartedAt.Time) < crashWindow) {
		return crashFault(pod, c)
	}
	if c.State.Running != nil && c.Started != nil && *c.Started {
		return servingFault(in, pod)
	}
	return nil
}

// pullFault names the image and, where the runtime reports it, the cause. The kubelet alternates
// between the error of an attempt and a back-off that does not name the cause before Kubernetes
// 1.31. A known cause is kept.
func pullFault(in Input, pod *corev1.Pod, container string, w *corev1.ContainerStateWaiting) *fault {
	image := in.Image
	for _, c := range pod.Spec.Containers {
		if c.Name == container {
			image = c.Image
		}
	}
	fixed := sentence(fmt.Sprintf("Pod %s cannot pull image %q", pod.Name, Quote(image)),
		"Correct spec.image, or name a pull secret in spec.scheduling.imagePullSecrets")
	cause := Quote(w.Message)
	if _, rest, found := strings.Cut(cause, "ErrImagePull: "); found {
		cause = rest
	} else if strings.HasPrefix(cause, "Back-off pulling image") {
		cause = ""
	}
	message := fixed
	if cause != "" {
		message = fixed + " The runtime says: " + sentence(cause)
	} else if before := stalledMessage(in.Pool); strings.HasPrefix(before, fixed+" The runtime says: ") {
		message = before
	}
	return &fault{reason: v1alpha1.ReasonImagePull, message: message, stalls: true}
}

func crashFault(pod *corev1.Pod, c corev1.ContainerStatus) *fault {
	ended := c.LastTerminationState.Terminated
	if c.State.Terminated != nil {
		ended = c.State.Terminated
	}
	how := ""
	if ended != nil {
		how = fmt.Sprintf(" with exit code %d", ended.ExitCode)
		if ended.Reason != "" && ended.Reason != "Error" {
			how += " (" + Quote(ended.Reason) + ")"
		}
		if ended.Message != "" {
			how += ": " + Quote(ended.Message)
		}
	}
	do := fmt.Sprintf("`kubectl logs -n %s %s --previous` shows its last output", pod.Namespace, pod.Name)
	if ended != nil && ended.Reason == "OOMKilled" {
		do = "Raise spec.resources.limits.memory, or lower spec.limits.memoryMiB, spec.workers or spec.threads"
	}
	return &fault{
		reason:  v1alpha1.ReasonCrashLoop,
		message: sentence(fmt.Sprintf("Pod %s restarts repeatedly%s", pod.Name, how), do),
		stalls:  true,
	}
}

func servingFault(in Input, pod *corev1.Pod) *fault {
	state := in.Replicas[pod.Name]
	minimum := in.Pool.Spec.Isolation.MinimumTier
	if state.Answered && below(state.Tier, minimum) {
		return &fault{
			reason: v1alpha1.ReasonTierTooLow,
			message: sentence(
				fmt.Sprintf("Pod %s proved isolation tier %s and spec.isolation.minimumTier is %s", pod.Name, TierOf(string(state.Tier)), minimum),
				Quote(state.NotReadyReason), tierRemedy),
			stalls: true,
		}
	}
	var since time.Time
	if c := condition(pod, corev1.PodReady); c != nil {
		since = c.LastTransitionTime.Time
	}
	waited := in.Now.Sub(since)
	if waited < readyGrace {
		return nil
	}
	cause := "it does not answer /readyz"
	if state.NotReadyReason != "" {
		cause = Quote(state.NotReadyReason)
	}
	return &fault{
		reason: v1alpha1.ReasonNotServing,
		message: sentence(fmt.Sprintf("Pod %s runs but is not ready: %s", pod.Name, cause),
			fmt.Sprintf("`kubectl logs -n %s %s` shows its log", pod.Namespace, pod.Name)),
		stalls:  waited >= notServingGrace,
		recheck: max(0, notServingGrace-waited),
	}
}

func describe(pod *corev1.Pod) string {
	return fmt.Sprintf("`kubectl describe pod -n %s %s` shows its events", pod.Namespace, pod.Name)
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}
