package resources

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	"executorpool.dev/api/v1alpha1"
)

const (
	// revisionHistory is how many old ReplicaSets stay. The pool's spec is the only source of a rollback, so they are
	// only of use to somebody who looks at what changed.
	revisionHistory = 2
	// progressDeadlineSeconds is how long a rollout may stand still before the Deployment reports it; the pool's own
	// conditions name causes long before.
	progressDeadlineSeconds = 600
)

// Deployment renders the pool's pods. image is the one they run and replicas how many of them.
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
