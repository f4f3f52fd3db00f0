package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/resources"
)

// Ready says whether a pod serves. One that is ending does not: it is no longer behind the Service.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Started says whether a container of the pod has passed its startup probe and runs.
func Started(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil && c.Started != nil && *c.Started {
			return true
		}
	}
	return false
}

// Restarts is how often containers of a pod were started anew.
func Restarts(pod *corev1.Pod) (n int) {
	for _, c := range pod.Status.ContainerStatuses {
		n += int(c.RestartCount)
	}
	return n
}

// OfDeployment leaves out pods that merely carry the labels. A Deployment's ReplicaSet is named after it; watching
// ReplicaSets only to follow the owner's UID is not worth their number.
func OfDeployment(pod *corev1.Pod, name string) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "ReplicaSet" && strings.HasPrefix(owner.Name, name+"-")
}

// PoolOf names the pool that a pod is a replica of.
func PoolOf(pod *corev1.Pod) types.NamespacedName {
	name := pod.Labels[resources.LabelInstance]
	if name == "" || pod.Labels[resources.LabelName] != resources.Name || !OfDeployment(pod, name) {
		return types.NamespacedName{}
	}
	return types.NamespacedName{Namespace: pod.Namespace, Name: name}
}
