package controllers

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
)

// observed is what the cluster holds for a pool.
type observed struct {
	// live objects by kind name; absent ones are missing.
	live map[string]client.Object
	// pods of the pool's Deployment.
	pods    []corev1.Pod
	reports map[string]status.Report
}

// deploymentOf is the pool's own Deployment; nil when it has none, also where another's has the name.
func (o observed) deploymentOf(pool *v1alpha1.ExecutorPool) *appsv1.Deployment {
	deployment, exists := o.live[deploymentKind].(*appsv1.Deployment)
	if !exists || !metav1.IsControlledBy(deployment, pool) {
		return nil
	}
	return deployment
}

func (r *Reconciler) gather(ctx context.Context, p plan) (observed, error) {
	in := observed{live: map[string]client.Object{}}
	key := client.ObjectKeyFromObject(p.pool)
	for _, k := range kinds {
		live := k.empty()
		err := r.Client.Get(ctx, key, live)
		if apierrors.IsNotFound(err) && k.wanted(p) {
			// The cache holds only objects with the controller's label. An object of that name without it, somebody
			// else's or one of ours that lost the label, must be seen before anything is written over it.
			err = r.Live.Get(ctx, key, live)
		}
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return observed{}, fmt.Errorf("get %s %s: %w", k.name, key, err)
		}
		in.live[k.name] = live
	}
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(key.Namespace), client.MatchingLabels(resources.Selector(p.pool))); err != nil {
		return observed{}, fmt.Errorf("list pods of %s: %w", key, err)
	}
	for _, pod := range pods.Items {
		if isOfDeployment(&pod, p.pool.Name) {
			in.pods = append(in.pods, pod)
		}
	}
	in.reports = r.sample(ctx, in.pods)
	return in, nil
}

// isOfDeployment leaves out pods that merely carry the labels. A Deployment's ReplicaSet is named after it; watching
// ReplicaSets only to follow the owner's UID is not worth their number.
func isOfDeployment(pod *corev1.Pod, name string) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "ReplicaSet" && strings.HasPrefix(owner.Name, name+"-")
}

// sample asks every pod that can answer.
func (r *Reconciler) sample(ctx context.Context, pods []corev1.Pod) map[string]status.Report {
	var targets []sampling.Target
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP == "" {
			continue
		}
		ready := status.Ready(pod)
		if !ready && !started(pod) {
			continue
		}
		targets = append(targets, sampling.Target{Name: pod.Name, IP: pod.Status.PodIP, Ready: ready})
	}
	reports := make(map[string]status.Report, len(targets))
	for _, answer := range r.Sampler.Sample(ctx, targets) {
		reports[answer.Name] = status.Report{
			Answered: answer.Err == nil,
			Slots:    int32(answer.State.Slots),
			Busy:     int32(answer.State.Busy),
			Queued:   int32(answer.State.Queued),
			Tier:     v1alpha1.Tier(answer.State.Tier),
			Refusal:  answer.Refusal,
		}
	}
	return reports
}

func started(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.State.Running != nil && c.Started != nil && *c.Started {
			return true
		}
	}
	return false
}
