package pool

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/status"
)

// observed is what the cluster holds for a pool.
type observed struct {
	// live objects by kind name; absent ones are missing.
	live map[string]client.Object
	// pods of the pool's Deployment.
	pods []corev1.Pod
	// reports are what they said last, numbers what wakes the reconciler when it has changed since.
	reports map[string]status.ReplicaState
	numbers [2]float64
	// silent says that not every ready replica gave an answer that is believed.
	silent bool
}

// deploymentOf is the pool's own Deployment; nil when it has none, also where another's has the name.
func (o observed) deploymentOf(pool *v1alpha1.ExecutorPool) *appsv1.Deployment {
	deployment, exists := o.live[deploymentKind].(*appsv1.Deployment)
	if !exists || !metav1.IsControlledBy(deployment, pool) {
		return nil
	}
	return deployment
}

// gather reads what the cache holds of a pool, has its pods followed, and takes what they said last.
func (r *Reconciler) gather(ctx context.Context, pool *v1alpha1.ExecutorPool) (observed, error) {
	in := observed{live: map[string]client.Object{}}
	key := client.ObjectKeyFromObject(pool)
	for _, k := range kinds {
		live := k.empty()
		err := r.Client.Get(ctx, key, live)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return observed{}, fmt.Errorf("get %s %s: %w", k.name, key, err)
		}
		in.live[k.name] = live
	}
	var list corev1.PodList
	if err := r.Client.List(ctx, &list, client.InNamespace(key.Namespace), client.MatchingFields{index.PodPool: key.Name}); err != nil {
		return observed{}, fmt.Errorf("list pods of %s: %w", key, err)
	}
	for _, pod := range list.Items {
		if pods.OfDeployment(&pod, pool.Name) {
			in.pods = append(in.pods, pod)
		}
	}
	if r.Poller.Follow(key, r.followed(pool, in.pods)) {
		r.refresh(ctx, key, firstPatience)
	}
	r.read(key, &in)
	return in, nil
}

// gatherUncached looks at the API server for objects the plan wants and the cache does not have. The cache holds only
// objects with the controller's label. One of that name without it, somebody else's or one of ours that lost the label,
// must be seen before anything is written over it.
func (r *Reconciler) gatherUncached(ctx context.Context, p plan, in observed) error {
	for _, k := range kinds {
		if _, exists := in.live[k.name]; exists || !k.wanted(p) {
			continue
		}
		live := k.empty()
		err := r.Live.Get(ctx, client.ObjectKeyFromObject(p.pool), live)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("get %s %s: %w", k.name, client.ObjectKeyFromObject(p.pool), err)
		}
		in.live[k.name] = live
	}
	return nil
}
