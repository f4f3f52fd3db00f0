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
	"executorpool.dev/controllers/scaling"
	"executorpool.dev/controllers/status"
)

// observed is the state of a pool in the cluster.
type observed struct {
	// live holds the existing objects by the name of their kind.
	live map[string]client.Object
	// pods are the pods of the pool's Deployment.
	pods []corev1.Pod
	// states holds the last states of the replicas by pod name, counters their sums, which the
	// status shows.
	states   map[string]status.ReplicaState
	counters scaling.Counters
	// incomplete reports whether a ready replica has no trusted answer.
	incomplete bool
}

// deploymentOf returns the pool's own Deployment; nil when there is none, or when it belongs to
// another owner.
func (o observed) deploymentOf(pool *v1alpha1.ExecutorPool) *appsv1.Deployment {
	deployment, exists := o.live[deploymentKind].(*appsv1.Deployment)
	if !exists || !metav1.IsControlledBy(deployment, pool) {
		return nil
	}
	return deployment
}

// observe reads the pool's objects and pods from the cache, registers the pods with the poller, and
// reads their last states.
func (r *Reconciler) observe(ctx context.Context, pool *v1alpha1.ExecutorPool) (observed, error) {
	in := observed{live: map[string]client.Object{}}
	key := client.ObjectKeyFromObject(pool)
	for _, k := range objectKinds {
		live := k.newObject()
		err := r.Client.Get(ctx, key, live)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return observed{}, fmt.Errorf("get %s %s: %w", k.name, key, err)
		}
		in.live[k.name] = live
	}
	all, err := index.Pods(ctx, r.Client, key)
	if err != nil {
		return observed{}, err
	}
	for _, pod := range all {
		if pods.OfDeployment(&pod, pool.Name) {
			in.pods = append(in.pods, pod)
		}
	}
	if r.Poller.Follow(key, r.pollTargets(pool, in.pods)) {
		r.refresh(ctx, key, firstSampleTimeout)
	}
	r.readStates(key, &in)
	return in, nil
}

// observeUncached reads the objects of the plan that the cache does not have from the API server.
// The cache holds only objects with the controller's label. An object without the label must be
// seen before it is overwritten, whether it belongs to another owner or lost the label.
func (r *Reconciler) observeUncached(ctx context.Context, p plan, in observed) error {
	for _, k := range objectKinds {
		if _, exists := in.live[k.name]; exists || !k.wanted(p) {
			continue
		}
		live := k.newObject()
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
