package resources

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"executorpool.dev/api/v1alpha1"
)

// NeedsPodDisruptionBudget reports whether the pool is large enough for a budget. 25 % of
// one replica rounds up to one, which protects nothing, and 0 would block every drain of its node.
func NeedsPodDisruptionBudget(replicas int32) bool {
	return replicas >= 2
}

// PodDisruptionBudget renders the PodDisruptionBudget of the pool: evictions may take 25 % of the
// replicas at one time, rounded up.
func PodDisruptionBudget(pool *v1alpha1.ExecutorPool) *policyv1ac.PodDisruptionBudgetApplyConfiguration {
	return policyv1ac.PodDisruptionBudget(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithSelector(selector(pool)).
			WithMaxUnavailable(intstr.FromString("25%")))
}
