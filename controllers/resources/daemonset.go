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

// PullName is the value of LabelName of pods that only pull the image. It keeps them out of the Service, the budget, the
// replicas and what is scraped, all of which select Name.
const PullName = "executor-image"

// DaemonSet renders what brings the image to every node that takes the pool's pods: one pod a node, which sleeps.
//
// It goes where replicas may go: by node selector, tolerations, required node affinity and runtime class. It has no priority
// of its own, because it must not push anything aside to save a download. Sleeping is what it does once the image is there,
// by a program that every Debian image has, so that an image of an older executor can be pulled ahead too; while it sleeps
// the kubelet does not throw the image away for want of disk.
func DaemonSet(pool *v1alpha1.ExecutorPool, image string) (*appsv1ac.DaemonSetApplyConfiguration, error) {
	pod := securePod(pool).
		// What sleeps is PID 1, which a SIGTERM that it does not handle does not end.
		WithTerminationGracePeriodSeconds(1).
		WithContainers(corev1ac.Container().
			WithName(PullName).
			WithImage(image).
			WithCommand("sleep", "infinity").
			WithResources(corev1ac.ResourceRequirements().WithRequests(PullResources().Requests).WithLimits(PullResources().Limits)).
			WithSecurityContext(secureContainer()))
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
	labels := Labels(pool)
	labels[LabelName] = PullName
	return appsv1ac.DaemonSet(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(appsv1ac.DaemonSetSpec().
			// A new image is pulled everywhere at once, as the first was.
			WithUpdateStrategy(appsv1ac.DaemonSetUpdateStrategy().
				WithType(appsv1.RollingUpdateDaemonSetStrategyType).
				WithRollingUpdate(appsv1ac.RollingUpdateDaemonSet().WithMaxUnavailable(intstr.FromString("100%")))).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(map[string]string{LabelName: PullName, LabelInstance: pool.Name})).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labels).WithSpec(pod))), nil
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
