package resources

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// Job renders the placeholders: sleeping pods with the resources of a replica, where replicas may
// go. A cluster autoscaler adds nodes for them before the replicas are ordered. priorityClass must
// be below the priority of all working pods, so that the scheduler preempts placeholders for any
// pod that needs the place. The Job then creates others, for which the cluster autoscaler adds
// another node.
//
// It is a Job because removing a second Deployment would need the right to delete Deployments. The
// template of a Job is immutable, so placeholders keep the size that replicas had at its creation.
func Job(pool *v1alpha1.ExecutorPool, image, priorityClass string, placeholders int32) (*batchv1ac.JobApplyConfiguration, error) {
	pod := sleepingPod(pool, PlaceholderName, image, Resources(pool.Spec)).WithRestartPolicy(corev1.RestartPolicyNever)
	if err := schedule(pod, pool); err != nil {
		return nil, err
	}
	// The constraints select replicas, so they would not count placeholders.
	pod.TopologySpreadConstraints = nil
	pod.WithPriorityClassName(priorityClass)
	return batchv1ac.Job(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(batchv1ac.JobSpec().
			WithParallelism(placeholders).
			// Preemption is not a failure.
			WithPodFailurePolicy(batchv1ac.PodFailurePolicy().WithRules(batchv1ac.PodFailurePolicyRule().
				WithAction(batchv1.PodFailurePolicyActionIgnore).
				WithOnPodConditions(batchv1ac.PodFailurePolicyOnPodConditionsPattern().
					WithType(corev1.DisruptionTarget).WithStatus(corev1.ConditionTrue)))).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labelsOf(pool, PlaceholderName)).WithSpec(pod))), nil
}
