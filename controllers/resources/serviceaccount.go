package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// ServiceAccount renders the pods' identity. It is the pool's own, so that rights given to the namespace's default
// account never reach contestants' code, and no token of it is mounted anywhere.
func ServiceAccount(pool *v1alpha1.ExecutorPool) *corev1ac.ServiceAccountApplyConfiguration {
	return corev1ac.ServiceAccount(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithAutomountServiceAccountToken(false)
}
