package resources

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// Job renders placeholders: so many pods of a replica's size that sleep where replicas may go, so that an autoscaler brings
// nodes for them before the replicas are asked for. priorityClass is one below everything that works, so that they are
// pushed aside by whatever needs the place; the Job then makes others, for which the autoscaler brings another node.
//
// It is a Job because to be rid of a second Deployment would take the right to delete Deployments. Its pods' size is what
// the pool's was when it was made: a Job's template cannot be changed.
func Job(pool *v1alpha1.ExecutorPool, image, priorityClass string, placeholders int32) (*batchv1ac.JobApplyConfiguration, error) {
	pod := sleeping(pool, PlaceholderName, image, Resources(pool.Spec)).WithRestartPolicy(corev1.RestartPolicyNever)
	if err := schedule(pod, pool); err != nil {
		return nil, err
	}
	// These spread replicas, and would count placeholders as none.
	pod.TopologySpreadConstraints = nil
	pod.WithPriorityClassName(priorityClass)
	return batchv1ac.Job(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(batchv1ac.JobSpec().
			WithParallelism(placeholders).
			// Being pushed aside is no failure.
			WithPodFailurePolicy(batchv1ac.PodFailurePolicy().WithRules(batchv1ac.PodFailurePolicyRule().
				WithAction(batchv1.PodFailurePolicyActionIgnore).
				WithOnPodConditions(batchv1ac.PodFailurePolicyOnPodConditionsPattern().
					WithType(corev1.DisruptionTarget).WithStatus(corev1.ConditionTrue)))).
			WithTemplate(corev1ac.PodTemplateSpec().WithLabels(labelsOf(pool, PlaceholderName)).WithSpec(pod))), nil
}
