package autoscale

import "time"

// Input is everything that a decision depends on.
type Input struct {
	Now    time.Time
	Policy Policy
	Fleet  Fleet
	Sample Sample
	// State is Decision.State of the previous decision; the zero value after a restart.
	State State
}

// Policy is what the pool's spec and the calendar ask for.
type Policy struct {
	// Replicas is spec.replicas. A lower value than before takes effect at once, also while samples
	// are distrusted; a need observed within the stabilization window still keeps replicas above it.
	Replicas int32
	// Floor is the maximum of Replicas and the floors of the contests. The decision is never below
	// Floor, not even when Floor is above Ceiling.
	Floor int32
	// FloorReason explains Floor, for example "spec.replicas is 3".
	FloorReason string
	// Ceiling is scaling.maxReplicas. It limits the autoscaler, not the floor. 0 turns the
	// autoscaler off: the decision is Floor.
	Ceiling int32
	// SlotsPerReplica is workers x threads.
	SlotsPerReplica int32
	// TargetWait is the queue wait that the pool aims for. Stabilization is the length of the
	// stabilization window.
	TargetWait, Stabilization time.Duration
	// Timeout is timeoutSeconds, the longest service time of a submission. Some submission must end
	// within it, so counters that do not change for longer while there is work are frozen. 0: 60 s.
	Timeout time.Duration
	// StaleAfter is the age from which a sample is distrusted. It must be well above the sampling
	// interval. 0: 15 s.
	StaleAfter time.Duration
	Hold       Hold
}

// Hold is the set of directions in which the autoscaler may not change the replicas. The floor
// applies in any case.
type Hold string

const (
	HoldNone Hold = "None" // equivalent to the empty string
	HoldIn   Hold = "In"
	HoldOut  Hold = "Out"
	HoldBoth Hold = "Both"
)

// Fleet is what the API server reports about the pool's Deployment.
type Fleet struct {
	// SpecReplicas is spec.replicas of the Deployment, 0 without a Deployment. ReadyReplicas is the
	// number of ready pods. The difference is the number of pods that start.
	SpecReplicas, ReadyReplicas int32
	// PodStart is the time from the creation of a pod to its readiness: the median over the pods
	// that became ready most recently. 0: not known; the autoscaler then assumes 5 s.
	PodStart time.Duration
}

// Sample is the latest observation of the pool's work. It can be missing, old or wrong.
type Sample struct {
	// Time is when the sample was taken, by the clock of Input.Now. Zero: no sample exists.
	Time time.Time
	// Asked is the number of ready replicas that were asked, Answered the number that answered. A
	// source that is a single server counts as one replica.
	Asked, Answered int32
	// Waiting is the number of queued submissions and Busy the number of busy slots, over all
	// replicas that answered. They are floats because Prometheus can return any number. Busy is
	// measured by the executors even if Waiting has another source.
	Waiting, Busy float64
	// Slots is the number of slots and QueueCapacity the queue capacity of the replicas that
	// answered: upper bounds of Busy and Waiting. 0: not known.
	Slots, QueueCapacity float64
	Counters             Counters
	// Failure is why there is no valid sample, phrased to follow a colon; empty for a valid sample.
	Failure string
}

// Counters are totals over the pool, counted from an arbitrary instant. They never decrease: the
// sampler adds the increments of each pod (by UID), so a deleted pod subtracts nothing. A manager
// that restarts loses Counters and State together and begins with both at zero.
type Counters struct {
	// Known is false for a source without counters. The load then follows from the busy slots.
	Known bool
	// Arrived is the number of accepted submissions. Finished is the number of submissions that left
	// a slot, ServiceSeconds the sum of their service times. Gone is the number that left otherwise:
	// expired in the queue, abandoned by the client, or lost with a pod (what it last reported).
	Arrived, Finished, ServiceSeconds, Gone float64
}

// Decision is the number of replicas that the Deployment should have, with a reason.
type Decision struct {
	Replicas int32
	// Reason explains Replicas with numbers, phrased to follow a colon.
	Reason string
	// Cause is the class of Reason, from a closed set, for metrics.
	Cause Cause
	// Need is the number of replicas that the present load needs, before window, floor, ceiling and
	// hold. 0 if the sample is distrusted.
	Need int32
	// Limited is what keeps the pool below its need, or keeps replicas that it does not need;
	// LimitedReason explains it. Both are empty without a limit. The stabilization window is not a
	// limit.
	Limited       Limit
	LimitedReason string
	// Fresh reports whether the sample is trusted. If not, Distrust and DistrustReason say why, and
	// the replicas stay as they are unless the floor rises.
	Fresh          bool
	Distrust       Distrust
	DistrustReason string
	// State is the State of the next Input. Losing it can keep replicas for one stabilization window
	// too long; it never removes one.
	State State
}

// Cause is the class of a decision's reason.
type Cause string

const (
	// CauseFloor: the floor covers the need.
	CauseFloor Cause = "Floor"
	// CauseLoad: the load needs more than the floor.
	CauseLoad Cause = "Load"
	// CauseWindow: the stabilization window holds a higher need.
	CauseWindow Cause = "Window"
	// CauseSample: the sample is distrusted, so the replicas stay as they are.
	CauseSample Cause = "Sample"
	// CauseHold: spec.scaling.hold keeps the replicas as they are.
	CauseHold Cause = "Hold"
	// CauseCeiling: the load needs more than the ceiling.
	CauseCeiling Cause = "Ceiling"
)

// Limit is what separates the pool from the replicas it needs.
type Limit string

const (
	LimitCeiling Limit = "Ceiling"
	LimitHoldIn  Limit = "HoldIn"
	LimitHoldOut Limit = "HoldOut"
)

// Distrust is why the autoscaler may not use a sample. The empty value is trust.
type Distrust string

const (
	// DistrustMissing: no sample exists, or its source reports a failure.
	DistrustMissing Distrust = "Missing"
	// DistrustNobody: no replica is ready to answer. This is normal while a pool starts.
	DistrustNobody Distrust = "Nobody"
	// DistrustStale: the sample is older than Policy.StaleAfter.
	DistrustStale Distrust = "Stale"
	// DistrustSilent: at least half of the replicas did not answer.
	DistrustSilent Distrust = "Silent"
	// DistrustImpossible: NaN, a negative number, more busy slots than slots, and the like.
	DistrustImpossible Distrust = "Impossible"
	// DistrustFrozen: there is work, and no number changed within the timeout of a submission.
	DistrustFrozen Distrust = "Frozen"
	// DistrustReset: a counter decreased, or increased by more than is possible.
	DistrustReset Distrust = "Reset"
	// DistrustVanished: submissions disappeared that no replica finished.
	DistrustVanished Distrust = "Vanished"
	// DistrustClock: the clock jumped.
	DistrustClock Distrust = "Clock"
)
