package pool

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/status"
)

// order is how many replicas are to be written, and what is told about it.
type order struct {
	// written is what the Deployment has, decided what the decision says, replicas what is to be written.
	written, decided, replicas int32
	reason                     string
	cause                      autoscale.Cause
	scaling                    status.Scaling
}

// decide finds the order for a pool. Before replicas are removed all are asked once more, so that a queue that has just
// begun is known, and who is idle.
//
// While a replica is silent, a contest runs or pods are being replaced, only the admin removes replicas. In a rollout the Deployment controller
// shares what goes between old and new pods by their numbers, and would take a busy one while an idle one is there.
func (r *Reconciler) decide(ctx context.Context, pool *v1alpha1.ExecutorPool, least floor, in *observed) order {
	key := client.ObjectKeyFromObject(pool)
	deployment := in.deploymentOf(pool)
	written := r.scaler.Written(key, deployment)
	policy, fleet := policyOf(pool.Spec, least), fleetOf(written, deployment, in.pods)
	asked, before := r.scaler.LastAsked(key)
	r.scaler.Started(key, in.pods)

	d, scaling := r.scaler.Decide(key, policy, fleet)
	if d.Replicas < written {
		r.refresh(ctx, key, lastPatience)
		r.read(key, in)
		d, scaling = r.scaler.Decide(key, policy, fleet)
	}
	o := order{written: written, decided: d.Replicas, replicas: d.Replicas, reason: d.Reason, cause: d.Cause, scaling: scaling}
	byAdmin := policy.Ceiling == 0 || !before || policy.Replicas < asked
	if d.Replicas >= written || byAdmin {
		return o
	}
	switch {
	case in.silent:
		o.replicas, o.reason = written, "replicas are removed when all of them answer"
	case least.running:
		o.replicas, o.reason = written, "replicas are removed when the contest is over"
	case isRolling(deployment):
		o.replicas, o.reason = written, "replicas are removed when the rollout is over"
	}
	return o
}

// fleetOf is what a decision about replicas rests on of what the cluster says. written is the Deployment's replicas.
func fleetOf(written int32, d *appsv1.Deployment, all []corev1.Pod) autoscale.Fleet {
	fleet := autoscale.Fleet{SpecReplicas: written, PodStart: pods.MedianStart(all)}
	if d != nil {
		fleet.ReadyReplicas = d.Status.ReadyReplicas
	}
	return fleet
}

// isRolling says whether old pods are being replaced by new ones and that gets on.
func isRolling(d *appsv1.Deployment) bool {
	if d == nil {
		return false
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse {
			return false
		}
	}
	return d.Status.ObservedGeneration < d.Generation || d.Status.UpdatedReplicas < d.Status.Replicas
}
