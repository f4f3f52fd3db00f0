package pool

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/status"
)

// lowestCost and costRange bound the deletion costs of this controller. They are the lowest
// possible ones, so that these pods come before those with an admin's cost, and so that the
// controller recognizes its own. A pod with k busy slots and queued submissions gets lowestCost +
// k.
const (
	lowestCost = math.MinInt32
	costRange  = 1 << 20
)

// scaleDownCandidates returns the deletion costs of the pods that should be removed first, by name.
// The candidates are the ready pods with the least work and, among equals, the youngest. Kubernetes
// removes unready pods before all others.
func scaleDownCandidates(all []corev1.Pod, states map[string]status.ReplicaState, remove int) map[string]string {
	var ready []*corev1.Pod
	for i := range all {
		pod := &all[i]
		if pod.DeletionTimestamp != nil {
			continue
		}
		if pods.Ready(pod) {
			ready = append(ready, pod)
		}
	}
	work := func(pod *corev1.Pod) int {
		state := states[pod.Name]
		if !state.Answered {
			// The work is unknown, so assume that all slots are busy.
			return costRange - 1
		}
		return min(int(state.Busy)+int(state.Queued), costRange-2)
	}
	slices.SortFunc(ready, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(work(a), work(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	costs := map[string]string{}
	for _, pod := range ready[:min(remove, len(ready))] {
		costs[pod.Name] = strconv.Itoa(lowestCost + work(pod))
	}
	return costs
}

// hasOwnCost reports whether the deletion cost of a pod is one of this controller.
func hasOwnCost(pod *corev1.Pod) bool {
	cost, err := strconv.ParseInt(pod.Annotations[corev1.PodDeletionCost], 10, 32)
	return err == nil && cost < lowestCost+costRange
}

// markCandidates marks the scale-down candidates just before fewer replicas are written. It removes
// the marks of surviving pods once the pool has the desired replicas. In between it writes nothing.
func (r *Reconciler) markCandidates(ctx context.Context, p plan, in observed, written int32) error {
	switch {
	case p.replicas < written:
		return r.writeCosts(ctx, in.pods, scaleDownCandidates(in.pods, in.states, int(written-p.replicas)))
	case isSettled(in.deploymentOf(p.pool), p.replicas):
		return r.writeCosts(ctx, in.pods, nil)
	}
	return nil
}

func isSettled(d *appsv1.Deployment, replicas int32) bool {
	return d != nil && d.Status.ObservedGeneration == d.Generation && *d.Spec.Replicas == replicas && d.Status.Replicas == replicas
}

// writeCosts sets the deletion costs in want and removes other costs of this controller.
func (r *Reconciler) writeCosts(ctx context.Context, pods []corev1.Pod, want map[string]string) error {
	for i := range pods {
		pod := &pods[i]
		cost, wanted := want[pod.Name]
		if pod.DeletionTimestamp != nil || (!wanted && !hasOwnCost(pod)) || (wanted && pod.Annotations[corev1.PodDeletionCost] == cost) {
			continue
		}
		value := "null"
		if wanted {
			value = strconv.Quote(cost)
		}
		patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%s}}}`, corev1.PodDeletionCost, value)
		err := r.Client.Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner(resources.FieldOwner))
		switch {
		case err == nil, apierrors.IsNotFound(err):
		case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
			// An admission policy refuses the annotation. The number of replicas is more important
			// than the choice of pods.
			return nil
		default:
			return fmt.Errorf("mark pod %s: %w", pod.Name, err)
		}
	}
	return nil
}
