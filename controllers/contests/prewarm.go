package contests

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/status"
)

// isPulling reports whether the nodes pull the image for the contest before its warm-up.
func isPulling(c *v1alpha1.Contest, now time.Time) bool {
	return calendar.Pulling([]calendar.Contest{contest.Entry(c)}, now)
}

// prewarmPods are the pods that prepare nodes for replicas and are deleted before the replicas are
// created.
type prewarmPods struct {
	// progress is the progress of the preparation; nil when no image is being pulled.
	progress *contest.Prewarm
	// pulling is the number of pods that pull the image, placeholders the number of those that hold
	// places on nodes.
	pulling, placeholders int32
}

// observePrewarmPods reads the DaemonSet and the Job of the pool.
func (r *Reconciler) observePrewarmPods(ctx context.Context, pool *v1alpha1.ExecutorPool) (prewarmPods, error) {
	key, prewarm := client.ObjectKeyFromObject(pool), prewarmPods{}
	set, job := &appsv1.DaemonSet{}, &batchv1.Job{}
	for _, object := range []client.Object{set, job} {
		if err := r.Client.Get(ctx, key, object); client.IgnoreNotFound(err) != nil {
			return prewarm, fmt.Errorf("get %T %s: %w", object, key, err)
		}
	}
	if metav1.IsControlledBy(job, pool) {
		prewarm.placeholders = job.Status.Active
	}
	if !metav1.IsControlledBy(set, pool) || set.DeletionTimestamp != nil {
		return prewarm, nil
	}
	prewarm.pulling = set.Status.CurrentNumberScheduled
	progress := &contest.Prewarm{}
	if prewarm.placeholders > 0 && job.DeletionTimestamp == nil {
		progress.Placeholders, progress.PlacedPlaceholders = prewarm.placeholders, ptr.Deref(job.Status.Ready, 0)
	}
	if set.Status.ObservedGeneration == set.Generation {
		progress.NodesWithImage, progress.Nodes = min(set.Status.NumberReady, set.Status.UpdatedNumberScheduled), set.Status.DesiredNumberScheduled
	}
	pods, err := index.Pods(ctx, r.Client, key)
	if err != nil {
		return prewarm, err
	}
	for i := range pods {
		// The first fault in alphabetical order, so that the message does not change.
		if pod := &pods[i]; metav1.IsControlledBy(pod, set) {
			if fault := status.ImageFault(pod); fault != "" && (progress.Fault == "" || fault < progress.Fault) {
				progress.Fault = fault
			}
		}
	}
	prewarm.progress = progress
	return prewarm, nil
}

// quotas returns the quotas of the namespace without the usage of the prewarm pods.
func (r *Reconciler) quotas(ctx context.Context, pool *v1alpha1.ExecutorPool, prewarm prewarmPods) ([]corev1.ResourceQuota, error) {
	var quotas corev1.ResourceQuotaList
	if err := r.Live.List(ctx, &quotas, client.InNamespace(pool.Namespace)); err != nil {
		return nil, fmt.Errorf("list quotas of namespace %s: %w", pool.Namespace, err)
	}
	contest.ReleaseFromQuotas(quotas.Items, resources.PullResources(), prewarm.pulling)
	contest.ReleaseFromQuotas(quotas.Items, resources.Resources(pool.Spec), prewarm.placeholders)
	return quotas.Items, nil
}
