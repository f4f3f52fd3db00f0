package recording

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
)

// WatchTerminations adds the final counts of executors that have ended. An executor leaves them as
// its termination message; the last snapshot may be from a moment before, when it still accepted
// submissions.
func (r *Recorder) WatchTerminations(ctx context.Context, pods cache.Cache) error {
	informer, err := pods.GetInformer(ctx, &corev1.Pod{})
	if err != nil {
		return fmt.Errorf("watch pods for termination messages: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.readTermination,
		UpdateFunc: func(_, pod any) { r.readTermination(pod) },
		DeleteFunc: func(pod any) {
			if last, unseen := pod.(toolscache.DeletedFinalStateUnknown); unseen {
				pod = last.Obj
			}
			r.readTermination(pod)
		},
	})
	if err != nil {
		return fmt.Errorf("watch pods for termination messages: %w", err)
	}
	return nil
}

// readTermination adds the final counts of a pod's containers. It is called for each change of
// every pod, and returns at once for those without a termination message.
func (r *Recorder) readTermination(object any) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return
	}
	for _, c := range pod.Status.ContainerStatuses {
		for _, state := range []corev1.ContainerState{c.LastTerminationState, c.State} {
			if state.Terminated == nil || state.Terminated.Message == "" {
				continue
			}
			if totals, ok := sampling.LastTotals(state.Terminated.Message); ok {
				pool := types.NamespacedName{Namespace: pod.Namespace, Name: pod.Labels[resources.LabelInstance]}
				r.mu.Lock()
				r.recordings.AddFinal(pool, string(pod.UID), totals, state.Terminated.FinishedAt.Time)
				r.mu.Unlock()
			}
		}
	}
}
