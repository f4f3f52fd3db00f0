package resources

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	"executorpool.dev/api/v1alpha1"
)

const (
	// revisionHistory is the number of old ReplicaSets to keep. A rollback is a change of the pool's
	// spec, so old ReplicaSets only show what changed.
	revisionHistory = 2
	// progressDeadlineSeconds is the time without progress after which the Deployment reports a
	// stalled rollout. The pool's conditions report causes long before.
	progressDeadlineSeconds = 600
)

// Deployment renders the Deployment of the pool's replicas.
func Deployment(pool *v1alpha1.ExecutorPool, image string, replicas int32) (*appsv1ac.DeploymentApplyConfiguration, error) {
	template, err := podTemplate(pool, image)
	if err != nil {
		return nil, fmt.Errorf("render pod: %w", err)
	}
	rolling := appsv1ac.RollingUpdateDeployment()
	if surge := pool.Spec.Rollout.MaxSurge; surge != nil {
		rolling.WithMaxSurge(*surge)
	}
	if unavailable := pool.Spec.Rollout.MaxUnavailable; unavailable != nil {
		rolling.WithMaxUnavailable(*unavailable)
	}
	return appsv1ac.Deployment(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(appsv1ac.DeploymentSpec().
			WithReplicas(replicas).
			WithSelector(selector(pool)).
			WithTemplate(template).
			WithStrategy(appsv1ac.DeploymentStrategy().
				WithType(appsv1.RollingUpdateDeploymentStrategyType).
				WithRollingUpdate(rolling)).
			WithRevisionHistoryLimit(revisionHistory).
			WithProgressDeadlineSeconds(progressDeadlineSeconds)), nil
}
