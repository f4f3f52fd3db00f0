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

// costs are the values of pod-deletion-cost that this controller writes: the lowest there are, so that they stand before
// those an admin writes, and are told from them. A pod with k busy slots and waiting submissions gets lowestCost + k.
const (
	lowestCost = math.MinInt32
	costs      = 1 << 20
)

// victims says which pods are to go first when remove of them are to go, and the deletion cost each is to have: the idlest
// and, of those, the youngest. Pods that are not ready go before all others by Kubernetes' own order.
func victims(all []corev1.Pod, reports map[string]status.ReplicaState, remove int) map[string]string {
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
		report := reports[pod.Name]
		if !report.Answered {
			// What it does is not known, so it may be busy in every slot.
			return costs - 1
		}
		return min(int(report.Busy)+int(report.Queued), costs-2)
	}
	slices.SortFunc(ready, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(work(a), work(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	marked := map[string]string{}
	for _, pod := range ready[:min(remove, len(ready))] {
		marked[pod.Name] = strconv.Itoa(lowestCost + work(pod))
	}
	return marked
}

// isMarked says whether a pod's deletion cost is one of ours.
func isMarked(pod *corev1.Pod) bool {
	cost, err := strconv.ParseInt(pod.Annotations[corev1.PodDeletionCost], 10, 32)
	return err == nil && cost < lowestCost+costs
}

// mark has the idle replicas go first: just before fewer are written, each that shall go is marked. Marks of pods that
// stayed, because replicas were added again or others went, are taken off once the pool has what it wants. In between
// nothing is written.
func (r *Reconciler) mark(ctx context.Context, p plan, in observed, written int32) error {
	switch {
	case p.replicas < written:
		return r.writeCosts(ctx, in.pods, victims(in.pods, in.reports, int(written-p.replicas)))
	case isSettled(in.deploymentOf(p.pool), p.replicas):
		return r.writeCosts(ctx, in.pods, nil)
	}
	return nil
}

func isSettled(d *appsv1.Deployment, replicas int32) bool {
	return d != nil && d.Status.ObservedGeneration == d.Generation && *d.Spec.Replicas == replicas && d.Status.Replicas == replicas
}

// writeCosts gives pods their deletion cost, and takes it off those that have one of ours and shall not.
func (r *Reconciler) writeCosts(ctx context.Context, pods []corev1.Pod, want map[string]string) error {
	for i := range pods {
		pod := &pods[i]
		cost, wanted := want[pod.Name]
		if pod.DeletionTimestamp != nil || (!wanted && !isMarked(pod)) || (wanted && pod.Annotations[corev1.PodDeletionCost] == cost) {
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
			// Admission does not want it. The admin's number matters more than which pods go.
			return nil
		default:
			return fmt.Errorf("mark pod %s: %w", pod.Name, err)
		}
	}
	return nil
}
