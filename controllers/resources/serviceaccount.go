package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// ServiceAccount renders the ServiceAccount of the pool's pods. The pool has its own, so that
// rights of the namespace's default account never reach contestants' programs. No pod mounts its
// token.
func ServiceAccount(pool *v1alpha1.ExecutorPool) *corev1ac.ServiceAccountApplyConfiguration {
	return corev1ac.ServiceAccount(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithAutomountServiceAccountToken(false)
}
