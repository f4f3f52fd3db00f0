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

// pulling says whether a contest's image is being pulled ahead of its warm-up.
func pulling(c *v1alpha1.Contest, now time.Time) bool {
	return calendar.Pulling([]calendar.Contest{contest.Entry(c)}, now)
}

// ahead is what a pool has of pods that go when its replicas come.
type ahead struct {
	// pull is how far the image has come on the nodes; nil while nothing pulls it.
	pull *contest.Pull
	// pulling and holding are how many pods there are that pull the image, and that hold places.
	pulling, holding int32
}

// ahead looks at the DaemonSet and the Job of the pool.
func (r *Reconciler) ahead(ctx context.Context, pool *v1alpha1.ExecutorPool) (ahead, error) {
	key, there := client.ObjectKeyFromObject(pool), ahead{}
	set, job := &appsv1.DaemonSet{}, &batchv1.Job{}
	for _, object := range []client.Object{set, job} {
		if err := r.Client.Get(ctx, key, object); client.IgnoreNotFound(err) != nil {
			return there, fmt.Errorf("get %T %s: %w", object, key, err)
		}
	}
	if metav1.IsControlledBy(job, pool) {
		there.holding = job.Status.Active
	}
	if !metav1.IsControlledBy(set, pool) || set.DeletionTimestamp != nil {
		return there, nil
	}
	there.pulling = set.Status.CurrentNumberScheduled
	far := &contest.Pull{}
	if there.holding > 0 && job.DeletionTimestamp == nil {
		far.Placeholders, far.Placed = there.holding, ptr.Deref(job.Status.Ready, 0)
	}
	if set.Status.ObservedGeneration == set.Generation {
		far.On, far.Nodes = min(set.Status.NumberReady, set.Status.UpdatedNumberScheduled), set.Status.DesiredNumberScheduled
	}
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(key.Namespace), client.MatchingFields{index.PodPool: key.Name}); err != nil {
		return there, fmt.Errorf("list pods of %s: %w", key, err)
	}
	for i := range pods.Items {
		// By name, so that of several the same one is told each time.
		if pod := &pods.Items[i]; metav1.IsControlledBy(pod, set) {
			if fault := status.ImageFault(pod); fault != "" && (far.Fault == "" || fault < far.Fault) {
				far.Fault = fault
			}
		}
	}
	there.pull = far
	return there, nil
}

// quotas are the namespace's, but for what pods take that are gone when the replicas come.
func (r *Reconciler) quotas(ctx context.Context, pool *v1alpha1.ExecutorPool, there ahead) ([]corev1.ResourceQuota, error) {
	var quotas corev1.ResourceQuotaList
	if err := r.Live.List(ctx, &quotas, client.InNamespace(pool.Namespace)); err != nil {
		return nil, fmt.Errorf("list quotas of namespace %s: %w", pool.Namespace, err)
	}
	contest.Without(quotas.Items, resources.PullResources(), there.pulling)
	contest.Without(quotas.Items, resources.Resources(pool.Spec), there.holding)
	return quotas.Items, nil
}
