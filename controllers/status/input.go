package status

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
)

// Input is all that a decision rests on.
type Input struct {
	// Pool as it was read; Pool.Status is the status before.
	Pool *v1alpha1.ExecutorPool
	Now  time.Time
	// Image is the one the pods are to run.
	Image string
	// Desired replicas and the reason for them in words.
	Desired       int32
	DesiredReason string
	// Deployment as it was read before this pass wrote anything; nil when there is none.
	Deployment *appsv1.Deployment
	// DeploymentWritten says that this pass changed the Deployment, so Deployment.Status is of an older one.
	DeploymentWritten bool
	// TemplateWritten says that the change reaches the pods.
	TemplateWritten bool
	// Paused says that the Deployment replaces no pods because a contest runs.
	Paused bool
	// Pods are the pool's own pods.
	Pods []corev1.Pod
	// Reports are what executors answered, by pod name. A pod that was not asked has none.
	Reports map[string]Report
	// Scaling is what the autoscaler has to say; the zero value when it is off.
	Scaling Scaling
	// Obstacle keeps the pool's objects from being written; nil when nothing does.
	Obstacle *Obstacle
	// NextContest is the one that starts next; nil when none is ahead.
	NextContest *v1alpha1.NextContest
	// Selector in the form of the scale subresource.
	Selector string
}

// Scaling is what conditions tell of the autoscaler. It holds nothing that changes by itself.
type Scaling struct {
	On bool
	// Limited is what keeps the pool from the replicas it needs.
	Limited autoscale.Limit
	// Problem is why the samples are not believed, Cause its words where scaling.source has some.
	Problem autoscale.Distrust
	Cause   string
}

// Report is what one executor said, or that it said nothing.
type Report struct {
	// Answered says whether the rest is of any worth.
	Answered bool
	// Doubt says why an answer that came is not believed.
	Doubt       Doubt
	Slots, Busy int32
	Queued      int32
	// Tier is the isolation it proved at boot.
	Tier v1alpha1.Tier
	// Refusal is why it is not ready, in its own words; empty when it gave no reason.
	Refusal string
}

// Doubt is why an answer is not believed.
type Doubt int

const (
	// NoDoubt: it is believed, or there is none.
	NoDoubt Doubt = iota
	// Impossible: it holds numbers that no executor has.
	Impossible
	// Frozen: it is one that was given before.
	Frozen
)

// Obstacle is why the pool's objects cannot be written.
type Obstacle struct {
	// Reason is v1alpha1.ReasonNameTaken or v1alpha1.ReasonApplyRefused.
	Reason  string
	Message string
}

// Decision is what follows.
type Decision struct {
	Status v1alpha1.ExecutorPoolStatus
	Events []Event
	// Recheck is when a fault that is too young to be reported will be old enough; 0 when there is none.
	Recheck time.Duration
}

// Event is a change worth telling about.
type Event struct {
	Warning bool
	// Reason and Action are CamelCase words, Note is a sentence.
	Reason, Action, Note string
}
