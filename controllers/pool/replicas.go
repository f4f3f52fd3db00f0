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

// desired is the number of replicas to write, and what status and metrics show of it.
type desired struct {
	// current is the Deployment's number, decided the autoscaler's, replicas the one to write.
	current, decided, replicas int32
	reason                     string
	cause                      autoscale.Cause
	scaling                    status.Scaling
}

// decide returns the desired replicas of a pool. Before a scale-down it samples all replicas once
// more, to see a queue that has just begun and which replicas are idle.
//
// While a replica does not answer, a contest runs or a rollout is under way, only an admin removes
// replicas. During a rollout the Deployment controller scales the old and the new ReplicaSet in
// proportion, and would remove a busy pod of one while the other has an idle one.
func (r *Reconciler) decide(ctx context.Context, pool *v1alpha1.ExecutorPool, floor floor, in *observed) desired {
	key := client.ObjectKeyFromObject(pool)
	deployment := in.deploymentOf(pool)
	current := r.expectations.Replicas(key, deployment)
	policy, fleet := policyOf(pool.Spec, floor), fleetOf(current, deployment, in.pods)
	lastSpecReplicas, known := r.decider.LastSpecReplicas(key)
	r.podStarts.Observe(key, in.pods)

	decision, scaling := r.decider.Decide(key, policy, fleet)
	if decision.Replicas < current {
		r.refresh(ctx, key, scaleDownSampleTimeout)
		r.readStates(key, in)
		decision, scaling = r.decider.Decide(key, policy, fleet)
	}
	d := desired{current: current, decided: decision.Replicas, replicas: decision.Replicas,
		reason: decision.Reason, cause: decision.Cause, scaling: scaling}
	byAdmin := policy.Ceiling == 0 || !known || policy.Replicas < lastSpecReplicas
	if d.replicas >= current || byAdmin {
		return d
	}
	switch {
	case in.incomplete:
		d.replicas, d.reason = current, "no replica is removed until all replicas answer"
	case floor.running:
		d.replicas, d.reason = current, "no replica is removed until the contest is over"
	case isRolling(deployment):
		d.replicas, d.reason = current, "no replica is removed until the rollout is over"
	}
	return d
}

// fleetOf returns the part of the cluster's state that a decision uses. current is the number of
// replicas of the Deployment.
func fleetOf(current int32, d *appsv1.Deployment, all []corev1.Pod) autoscale.Fleet {
	fleet := autoscale.Fleet{SpecReplicas: current, PodStart: pods.MedianStart(all)}
	if d != nil {
		fleet.ReadyReplicas = d.Status.ReadyReplicas
	}
	return fleet
}

// isRolling reports whether a rollout is under way and makes progress.
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
