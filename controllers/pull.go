package controllers

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/status"
)

// pulling says whether a contest's image is being pulled ahead of its warm-up.
func pulling(c *v1alpha1.Contest, now time.Time) bool {
	return calendar.Pulling([]calendar.Contest{contest.Entry(c)}, now)
}

// pull is how far the pool's image has come on the nodes, and how many pods that took; nil while nothing pulls it.
func (r *ContestReconciler) pull(ctx context.Context, pool *v1alpha1.ExecutorPool) (*contest.Pull, int32, error) {
	set := &appsv1.DaemonSet{}
	key := client.ObjectKeyFromObject(pool)
	if err := r.Client.Get(ctx, key, set); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, 0, nil
		}
		return nil, 0, fmt.Errorf("get DaemonSet %s: %w", key, err)
	}
	if !metav1.IsControlledBy(set, pool) || set.DeletionTimestamp != nil {
		return nil, 0, nil
	}
	far := &contest.Pull{}
	if set.Status.ObservedGeneration == set.Generation {
		far.On, far.Nodes = min(set.Status.NumberReady, set.Status.UpdatedNumberScheduled), set.Status.DesiredNumberScheduled
	}
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(key.Namespace), client.MatchingFields{podPoolIndex: key.Name}); err != nil {
		return nil, 0, fmt.Errorf("list pods of %s: %w", key, err)
	}
	for i := range pods.Items {
		// By name, so that of several the same one is told each time.
		if pod := &pods.Items[i]; metav1.IsControlledBy(pod, set) {
			if fault := status.ImageFault(pod); fault != "" && (far.Fault == "" || fault < far.Fault) {
				far.Fault = fault
			}
		}
	}
	return far, set.Status.CurrentNumberScheduled, nil
}

// quotas are the namespace's, but for what pods take that pull the image.
func (r *ContestReconciler) quotas(ctx context.Context, pool *v1alpha1.ExecutorPool, pulls int32) ([]corev1.ResourceQuota, error) {
	var quotas corev1.ResourceQuotaList
	if err := r.Live.List(ctx, &quotas, client.InNamespace(pool.Namespace)); err != nil {
		return nil, fmt.Errorf("list quotas of namespace %s: %w", pool.Namespace, err)
	}
	contest.WithoutPull(quotas.Items, resources.PullResources(), pulls)
	return quotas.Items, nil
}
