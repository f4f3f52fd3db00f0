package pool

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/resources"
)

// floor is the lowest number of replicas of a pool, and the reason for it as a clause.
type floor struct {
	// specReplicas is spec.replicas. replicas is the higher one of specReplicas and the floor of
	// the contests.
	specReplicas, replicas int32
	reason                 string
	// running reports whether a contest is between its start and its end.
	running bool
}

// floorOf returns the floor from spec.replicas and the contests. The controller never writes
// spec.replicas, so it does not conflict with admins and GitOps tools.
func floorOf(spec v1alpha1.ExecutorPoolSpec, schedule contest.Schedule, now time.Time) floor {
	f := floor{specReplicas: 1, reason: "spec.replicas is not set and defaults to 1"}
	if spec.Replicas != nil {
		f.specReplicas, f.reason = *spec.Replicas, fmt.Sprintf("spec.replicas is %d", *spec.Replicas)
	}
	f.replicas, f.reason = schedule.Raise(f.specReplicas, f.reason, now)
	f.running = schedule.Running(now)
	return f
}

// holds reports whether rollouts are paused. A Deployment that is paused before it has pods would
// never have any.
func (f floor) holds(pool *v1alpha1.ExecutorPool, deployment *appsv1.Deployment) bool {
	return f.running && pool.Spec.Rollout.DuringContest != v1alpha1.RolloutProceed && deployment != nil && deployment.Status.Replicas > 0
}

// policyOf returns the part of the spec that a decision about replicas uses.
func policyOf(spec v1alpha1.ExecutorPoolSpec, floor floor) autoscale.Policy {
	return autoscale.Policy{
		Replicas:        floor.specReplicas,
		Floor:           floor.replicas,
		FloorReason:     floor.reason,
		Ceiling:         spec.Scaling.MaxReplicas,
		SlotsPerReplica: int32(resources.Slots(spec)),
		TargetWait:      time.Duration(spec.Scaling.TargetWaitSeconds) * time.Second,
		Stabilization:   time.Duration(spec.Scaling.ScaleDownStabilizationSeconds) * time.Second,
		Timeout:         time.Duration(spec.TimeoutSeconds) * time.Second,
		Hold:            autoscale.Hold(spec.Scaling.Hold),
	}
}
