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

// floor is what the pool has at least, and why, in words that fit behind a colon.
type floor struct {
	// asked is spec.replicas, replicas the highest of that and of all else that asks for replicas.
	asked, replicas int32
	reason          string
	// running says that a contest is between its start and its end.
	running bool
}

// floorOf is the one place where it is found: from what the admin asks for and what the contests hold at this time.
// spec.replicas is never written, so admins and GitOps tools are not fought.
func floorOf(spec v1alpha1.ExecutorPoolSpec, due contest.Schedule, now time.Time) floor {
	f := floor{asked: 1, reason: "spec.replicas is not set and defaults to 1"}
	if spec.Replicas != nil {
		f.asked, f.reason = *spec.Replicas, fmt.Sprintf("spec.replicas is %d", *spec.Replicas)
	}
	f.replicas, f.reason = due.Raise(f.asked, f.reason, now)
	f.running = due.Running(now)
	return f
}

// holds says whether pods stay as they are though what reaches them changes. A Deployment that is paused before it has pods
// would never have any.
func (f floor) holds(pool *v1alpha1.ExecutorPool, deployment *appsv1.Deployment) bool {
	return f.running && pool.Spec.Rollout.DuringContest != v1alpha1.RolloutProceed && deployment != nil && deployment.Status.Replicas > 0
}

// policyOf is what a decision about the pool's replicas rests on besides what is sampled.
func policyOf(spec v1alpha1.ExecutorPoolSpec, least floor) autoscale.Policy {
	return autoscale.Policy{
		Replicas:        least.asked,
		Floor:           least.replicas,
		FloorReason:     least.reason,
		Ceiling:         spec.Scaling.MaxReplicas,
		SlotsPerReplica: int32(resources.Slots(spec)),
		TargetWait:      time.Duration(spec.Scaling.TargetWaitSeconds) * time.Second,
		Stabilization:   time.Duration(spec.Scaling.ScaleDownStabilizationSeconds) * time.Second,
		Timeout:         time.Duration(spec.TimeoutSeconds) * time.Second,
		Hold:            autoscale.Hold(spec.Scaling.Hold),
	}
}
