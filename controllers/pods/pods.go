package pods

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/resources"
)

// Ready reports whether a pod serves. A pod that is being deleted is no longer an endpoint of the
// Service.
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

// Started reports whether a container of the pod runs and has passed its startup probe.
func Started(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil && c.Started != nil && *c.Started {
			return true
		}
	}
	return false
}

// Restarts returns the number of container restarts of a pod.
func Restarts(pod *corev1.Pod) (n int) {
	for _, c := range pod.Status.ContainerStatuses {
		n += int(c.RestartCount)
	}
	return n
}

// OfDeployment reports whether a pod belongs to the Deployment of that name, and not only carries
// the labels. It compares the name of the ReplicaSet, whose prefix is the name of the Deployment.
// Watching ReplicaSets for their UIDs would need much memory.
func OfDeployment(pod *corev1.Pod, name string) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "ReplicaSet" && strings.HasPrefix(owner.Name, name+"-")
}

// PoolOf returns the pool that a pod is a replica of; the zero value when there is none.
func PoolOf(pod *corev1.Pod) types.NamespacedName {
	name := pod.Labels[resources.LabelInstance]
	if name == "" || pod.Labels[resources.LabelName] != resources.Name || !OfDeployment(pod, name) {
		return types.NamespacedName{}
	}
	return types.NamespacedName{Namespace: pod.Namespace, Name: name}
}
