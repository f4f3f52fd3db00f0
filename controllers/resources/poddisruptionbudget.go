package resources

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"executorpool.dev/api/v1alpha1"
)

// WantsPodDisruptionBudget says whether the pool is large enough for a budget. With one replica a quarter rounds up to
// that replica, and a budget that allows none would keep a node from ever being drained.
func WantsPodDisruptionBudget(replicas int32) bool {
	return replicas >= 2
}

// PodDisruptionBudget renders how much of the pool a node drain may take at one time: a quarter, rounded up.
func PodDisruptionBudget(pool *v1alpha1.ExecutorPool) *policyv1ac.PodDisruptionBudgetApplyConfiguration {
	return policyv1ac.PodDisruptionBudget(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithSelector(selector(pool)).
			WithMaxUnavailable(intstr.FromString("25%")))
}
