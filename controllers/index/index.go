package index

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

// PodPool is the key of the index of pods by the label of their pool.
const PodPool = "pool"

// ContestPool is the key of the index of contests by pool.
const ContestPool = "spec.poolName"

// ContestPoolOf returns the value of a contest in the index ContestPool.
func ContestPoolOf(o client.Object) []string { return []string{o.(*v1alpha1.Contest).Spec.PoolName} }

// Pods returns the pods with the label of a pool from the cache, those of prewarming included.
func Pods(ctx context.Context, reader client.Reader, pool types.NamespacedName) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := reader.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingFields{PodPool: pool.Name}); err != nil {
		return nil, fmt.Errorf("list pods of pool %s: %w", pool, err)
	}
	return list.Items, nil
}

// Contests returns the contests of a pool from the cache, by name.
func Contests(ctx context.Context, reader client.Reader, pool types.NamespacedName) ([]v1alpha1.Contest, error) {
	var list v1alpha1.ContestList
	if err := reader.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingFields{ContestPool: pool.Name}); err != nil {
		return nil, fmt.Errorf("list contests of pool %s: %w", pool, err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Contest) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, nil
}
