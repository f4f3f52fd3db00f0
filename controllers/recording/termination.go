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

// Listen has the recorder hear the last word of executors that have ended: a pod that was told to go is soon no more, and
// asked last a moment before, while it still took submissions in.
func (r *Recorder) Listen(ctx context.Context, pods cache.Cache) error {
	informer, err := pods.GetInformer(ctx, &corev1.Pod{})
	if err != nil {
		return fmt.Errorf("watch pods for their last word: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    r.heard,
		UpdateFunc: func(_, pod any) { r.heard(pod) },
		DeleteFunc: func(pod any) {
			if last, unseen := pod.(toolscache.DeletedFinalStateUnknown); unseen {
				pod = last.Obj
			}
			r.heard(pod)
		},
	})
	if err != nil {
		return fmt.Errorf("watch pods for their last word: %w", err)
	}
	return nil
}

// heard looks for last words in a pod. It is told of each change of every pod, so it is quick where there are none.
func (r *Recorder) heard(object any) {
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
				r.recordings.Ended(pool, string(pod.UID), totals, state.Terminated.FinishedAt.Time)
				r.mu.Unlock()
			}
		}
	}
}
