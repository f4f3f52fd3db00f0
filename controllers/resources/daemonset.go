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

// Values of LabelName of pods that are there ahead of a contest: those that only pull the image, and those that only hold the
// places of replicas to come. They keep them out of the Service, the budget, the replicas and what is scraped, all of which
// select Name.
const (
	PullName        = "executor-image"
	PlaceholderName = "executor-placeholder"
)

// Ahead says whether a pod is gone when the replicas come.
func Ahead(pod *corev1.Pod) bool {
	name := pod.Labels[LabelName]
	return pod.Labels[LabelManagedBy] == FieldOwner && (name == PullName || name == PlaceholderName)
}

// DaemonSet renders what brings the image to every node that takes the pool's pods: one pod a node, which sleeps.
//
// It goes where replicas may go: by node selector, tolerations, required node affinity and runtime class. It has no priority
// of its own, because it must not push anything aside to save a download. Sleeping is what it does once the image is there,
// by a program that every Debian image has, so that an image of an older executor can be pulled ahead too; while it sleeps
// the kubelet does not throw the image away for want of disk.
func DaemonSet(pool *v1alpha1.ExecutorPool, image string) (*appsv1ac.DaemonSetApplyConfiguration, error) {
	pod := sleeping(pool, PullName, image, PullResources())
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
			// A new image is pulled everywhere at once, as the first was.
			WithUpdateStrategy(appsv1ac.DaemonSetUpdateStrategy().
				WithType(appsv1.RollingUpdateDaemonSetStrategyType).
				WithRollingUpdate(appsv1ac.RollingUpdateDaemonSet().WithMaxUnavailable(intstr.FromString("100%")))).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{LabelName: PullName, LabelInstance: pool.Name})).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labelsOf(pool, PullName)).WithSpec(pod))), nil
}

// sleeping is a pod that does nothing.
func sleeping(pool *v1alpha1.ExecutorPool, name, image string, takes corev1.ResourceRequirements) *corev1ac.PodSpecApplyConfiguration {
	return securePod(pool).
		// What sleeps is PID 1, which a SIGTERM that it does not handle does not end.
		WithTerminationGracePeriodSeconds(1).
		WithContainers(corev1ac.Container().
			WithName(name).
			WithImage(image).
			WithCommand("sleep", "infinity").
			WithResources(corev1ac.ResourceRequirements().WithRequests(takes.Requests).WithLimits(takes.Limits)).
			WithSecurityContext(secureContainer()))
}

func labelsOf(pool *v1alpha1.ExecutorPool, name string) map[string]string {
	labels := Labels(pool)
	labels[LabelName] = name
	return labels
}

// PullResources are those of a pod that pulls the image: next to nothing.
func PullResources() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(1, resource.DecimalSI),
			corev1.ResourceMemory: mebibytes(16),
		},
		Limits: corev1.ResourceList{corev1.ResourceMemory: mebibytes(32)},
	}
}
