package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
)

// Input holds everything that Decide uses.
type Input struct {
	// Pool is the pool as it was read. Pool.Status is the previous status.
	Pool *v1alpha1.ExecutorPool
	Now  time.Time
	// Image is the image that the pods should run.
	Image string
	// Desired is the number of desired replicas. DesiredReason is the reason, as a clause without a
	// full stop.
	Desired       int32
	DesiredReason string
	// Deployment is the Deployment as it was read before this reconcile wrote anything; nil when
	// there is none.
	Deployment *appsv1.Deployment
	// DeploymentWritten reports whether this reconcile changed the Deployment. Deployment.Status is
	// then of an older spec.
	DeploymentWritten bool
	// TemplateWritten reports whether the change concerns the pod template.
	TemplateWritten bool
	// Paused reports whether the Deployment replaces no pods because a contest runs.
	Paused bool
	// Pods are the pods of the pool's Deployment.
	Pods []corev1.Pod
	// Replicas holds the state of each replica by pod name. A pod that was not asked has no entry.
	Replicas map[string]ReplicaState
	// Scaling is the result of the autoscaler; the zero value when autoscaling is off.
	Scaling Scaling
	// Obstacle is the cause that prevents the pool's objects from being written; nil when there is
	// none.
	Obstacle *Obstacle
	// NextContest is the contest that starts next; nil when there is none.
	NextContest *v1alpha1.NextContest
	// Selector is the label selector in the form of the scale subresource.
	Selector string
}

// Scaling is the part of the autoscaler's result that conditions show. It holds nothing that
// changes by itself.
type Scaling struct {
	Enabled bool
	// Limited is the limit that keeps the pool from the replicas that it needs; empty when there is
	// none.
	Limited autoscale.Limit
	// Distrust is the reason why the autoscaler does not use its samples. Cause is the error of
	// scaling.source, if there is one.
	Distrust autoscale.Distrust
	Cause    string
}

// ReplicaState is the state that one executor reported, or the fact that it did not answer.
type ReplicaState struct {
	// Answered reports whether the executor gave a trusted answer. The other fields are valid only
	// then, but for NotReadyReason.
	Answered bool
	// Distrust is the reason why an answer is not trusted.
	Distrust    Distrust
	Slots, Busy int32
	Queued      int32
	// Tier is the isolation tier that the executor proved at boot.
	Tier v1alpha1.Tier
	// NotReadyReason is the reason that the executor gave for not being ready; empty when it gave
	// none.
	NotReadyReason string
}

// Distrust is a reason why an answer is not trusted.
type Distrust int

const (
	// Trusted means that the answer is trusted, or that there is no answer.
	Trusted Distrust = iota
	// Impossible means that the answer holds numbers that no executor can have.
	Impossible
	// Frozen means that the answer is the same as an earlier one.
	Frozen
)

// Obstacle is a cause that prevents the pool's objects from being written.
type Obstacle struct {
	// Reason is v1alpha1.ReasonNameTaken, ReasonNotAllowed or ReasonApplyRefused.
	Reason  string
	Message string
}

// Decision is the result of Decide.
type Decision struct {
	Status v1alpha1.ExecutorPoolStatus
	Events []Event
	// Recheck is the time until a recent fault becomes one that conditions report; 0 when there is
	// no such fault.
	Recheck time.Duration
}

// Event is an event to record.
type Event struct {
	Warning bool
	// Reason and Action are in CamelCase. Note is one or more sentences.
	Reason, Action, Note string
}
