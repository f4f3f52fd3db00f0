package status

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// ImageFault returns why the image of a pod cannot be pulled, in sentences. It is empty when the
// image can be pulled or nothing is known yet.
func ImageFault(pod *corev1.Pod) string {
	for _, c := range pod.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil && pod.DeletionTimestamp == nil && slices.Contains(pullReasons, w.Reason) {
			return pullFault(Input{Pool: &v1alpha1.ExecutorPool{}}, pod, c.Name, w).message
		}
	}
	return ""
}
