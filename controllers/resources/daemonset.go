package resources

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// Values of LabelName of prewarm pods: pods that pull the image, and placeholders. The Service, the
// PodDisruptionBudget, the Deployment and the PodMonitor select Name, so they ignore prewarm pods.
const (
	PullName        = "executor-image"
	PlaceholderName = "executor-placeholder"
)

// IsPrewarm reports whether the pod is a prewarm pod, which the pool deletes or the scheduler
// preempts when replicas need its place.
func IsPrewarm(pod *corev1.Pod) bool {
	name := pod.Labels[LabelName]
	return pod.Labels[LabelManagedBy] == FieldOwner && (name == PullName || name == PlaceholderName)
}

// DaemonSet renders the DaemonSet that pulls the image on every node that takes the pool's pods:
// one sleeping pod per node.
//
// Its pods go where replicas may go: by node selector, tolerations, required node affinity and
// runtime class. They have no priority class, because saving a download must not preempt other
// pods. They run "sleep", which every Debian image contains, so the image of an older executor can
// be pulled too. As long as they run, the kubelet's image garbage collection keeps the image.
func DaemonSet(pool *v1alpha1.ExecutorPool, image string) (*appsv1ac.DaemonSetApplyConfiguration, error) {
	pod := sleepingPod(pool, PullName, image, PullResources())
	from := pool.Spec.Scheduling
	if len(from.NodeSelector) > 0 {
		pod.WithNodeSelector(from.NodeSelector)
	}
	if err := convert(from.Tolerations, &pod.Tolerations); err != nil {
		return nil, fmt.Errorf("scheduling.tolerations: %w", err)
	}
	if err := convert(from.ImagePullSecrets, &pod.ImagePullSecrets); err != nil {
		return nil, fmt.Errorf("scheduling.imagePullSecrets: %w", err)
	}
	if a := from.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		required := corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution}}
		if err := convert(required, &pod.Affinity); err != nil {
			return nil, fmt.Errorf("scheduling.affinity: %w", err)
		}
	}
	return appsv1ac.DaemonSet(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(appsv1ac.DaemonSetSpec().
			// A new image is pulled on all nodes at once, like the first one.
			WithUpdateStrategy(appsv1ac.DaemonSetUpdateStrategy().
				WithType(appsv1.RollingUpdateDaemonSetStrategyType).
				WithRollingUpdate(appsv1ac.RollingUpdateDaemonSet().WithMaxUnavailable(intstr.FromString("100%")))).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{LabelName: PullName, LabelInstance: pool.Name})).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labelsOf(pool, PullName)).WithSpec(pod))), nil
}

// sleepingPod returns a pod that does nothing.
func sleepingPod(pool *v1alpha1.ExecutorPool, name, image string, requirements corev1.ResourceRequirements) *corev1ac.PodSpecApplyConfiguration {
	return securePod(pool).
		// "sleep" is PID 1 and has no handler for SIGTERM, so only SIGKILL ends it.
		WithTerminationGracePeriodSeconds(1).
		WithContainers(corev1ac.Container().
			WithName(name).
			WithImage(image).
			WithCommand("sleep", "infinity").
			WithResources(corev1ac.ResourceRequirements().WithRequests(requirements.Requests).WithLimits(requirements.Limits)).
			WithSecurityContext(secureContainer()))
}

// labelsOf returns the labels of the objects of the pool with another value of LabelName.
func labelsOf(pool *v1alpha1.ExecutorPool, name string) map[string]string {
	labels := Labels(pool)
	labels[LabelName] = name
	return labels
}

// PullResources returns the resources of a pod that pulls the image.
func PullResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(1, resource.DecimalSI),
			corev1.ResourceMemory: mebibytes(16),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: mebibytes(32)},
	}
}
