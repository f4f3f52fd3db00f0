package autoscale

import "time"

// Input is all that a decision rests on.
type Input struct {
	Now    time.Time
	Policy Policy
	Fleet  Fleet
	Sample Sample
	// State is what the decision before gave back; the zero value when there was none, as after a restart.
	State State
}

// Policy is what the pool's spec and the calendar ask for.
type Policy struct {
	// Replicas is spec.replicas, what the admin asked for. Whoever lowers it gives an order that is obeyed at once, also
	// while samples are bad; only a need that was seen in the stabilisation window stands above it.
	Replicas int32
	// Floor is the highest of Replicas and the contests' floors. The decision is never below it, ceiling or not.
	Floor int32
	// FloorReason says in words where the floor comes from: "spec.replicas is 3".
	FloorReason string
	// Ceiling is scaling.maxReplicas. It bounds what the autoscaler asks for, not the floor. 0: the pool does not scale
	// itself, and the decision is the floor.
	Ceiling int32
	// SlotsPerReplica is workers x threads.
	SlotsPerReplica int32
	// TargetWait is how long a submission may queue. Stabilization is how long a need is remembered before replicas go.
	TargetWait, Stabilization time.Duration
	// Timeout is the hard bound of one submission (timeoutSeconds). Numbers that stand still for longer while there is work
	// are frozen: in that time something has to finish. 0: 60 s.
	Timeout time.Duration
	// StaleAfter is the age from which a sample is no longer believed. It must be well over the interval in which the pool
	// is sampled. 0: 15 s.
	StaleAfter time.Duration
	Hold       Hold
}

// Hold are the directions in which the autoscaler may not move. The floor is obeyed in any case.
type Hold string

const (
	HoldNone Hold = "None" // as is the empty string
	HoldIn   Hold = "In"
	HoldOut  Hold = "Out"
	HoldBoth Hold = "Both"
)

// Fleet is what the API server says of the pool's Deployment.
type Fleet struct {
	// Written is the Deployment's spec.replicas; 0 when there is none. Ready are its ready replicas. What is written and
	// not ready is on its way.
	Written, Ready int32
	// PodStart is how long the pool's pods take from being written to ready: the median of those that became ready last,
	// from the times in their status. 0: not known, 5 s are assumed.
	PodStart time.Duration
}

// Sample is what was last seen of the pool's work. It may be missing, old, or a lie.
type Sample struct {
	// Time is when it was taken, by the clock that Input.Now is from; zero when there never was one.
	Time time.Time
	// Asked are the ready replicas that were asked and Answered those that answered. A source that is one server counts as
	// one.
	Asked, Answered int32
	// Waiting submissions and Busy slots, over all that answered. Floats, since Prometheus may say anything. Busy comes
	// from the executors also where Waiting comes from elsewhere.
	Waiting, Busy float64
	// Slots are those of the replicas that answered, busy or not, and Room the places in their queues, taken or not:
	// no more can be busy, no more can wait. 0: not known.
	Slots, Room float64
	Counters    Counters
	// Problem is why there is no valid sample, in words that fit behind a colon; empty when there is one.
	Problem string
}

// Counters are totals over the pool since any moment in the past. They never fall: the sampler adds up what each pod's
// own counters gained, pod by pod (by UID), so that a pod that is gone takes nothing away. Those of a manager that was
// restarted begin anew, with State, so that nobody notices.
type Counters struct {
	// Known is false for a source without counters. Load is then taken from the busy slots.
	Known bool
	// Arrived are the submissions accepted. Finished are those that a slot is done with, ServiceSeconds the slot-seconds
	// they took together. Gone are those that left in any other way: expired in the queue, given up by their client, or
	// lost with their pod (what it held when it was last seen).
	Arrived, Finished, ServiceSeconds, Gone float64
}

// Decision is how many replicas the Deployment is to have, and why.
type Decision struct {
	Replicas int32
	// Reason in words and numbers, fit to stand behind a colon.
	Reason string
	// Cause is the same for metrics: one of a closed set.
	Cause Cause
	// Need is what the load asks for at this moment, before window, floor, ceiling and hold; 0 when it is not known.
	Need int32
	// Limited says what keeps the pool from the replicas it needs, or from letting go of those it does not;
	// LimitedReason the same in words. Both are empty when nothing does. The stabilisation window is not a limit.
	Limited       Limit
	LimitedReason string
	// Fresh says that the sample was believed. Otherwise Problem is of a closed set and ProblemReason in words with numbers;
	// the pool then keeps what it has unless the floor rises.
	Fresh         bool
	Problem       Problem
	ProblemReason string
	// State is to be given back with the next Input. Its loss costs one stabilisation window of replicas, never a
	// scale-down.
	State State
}

// Cause is what decided.
type Cause string

const (
	// CauseFloor: the floor is all that is needed.
	CauseFloor Cause = "Floor"
	// CauseLoad: the load needs more than the floor.
	CauseLoad Cause = "Load"
	// CauseWindow: there was a higher need in the stabilisation window.
	CauseWindow Cause = "Window"
	// CauseSample: the sample is not to be believed, so the pool keeps what it has.
	CauseSample Cause = "Sample"
	// CauseHold: spec.scaling.hold keeps the pool where it is.
	CauseHold Cause = "Hold"
	// CauseCeiling: the load needs more than the ceiling.
	CauseCeiling Cause = "Ceiling"
)

// Limit is what stands between the pool and the replicas it should have.
type Limit string

const (
	LimitCeiling Limit = "Ceiling"
	LimitHoldIn  Limit = "HoldIn"
	LimitHoldOut Limit = "HoldOut"
)

// Problem is why a sample is not believed.
type Problem string

const (
	// ProblemMissing: there is none, or its source says why not.
	ProblemMissing Problem = "Missing"
	// ProblemNobody: no replica is ready, so there is nobody to ask. Not a fault in a pool that starts.
	ProblemNobody Problem = "Nobody"
	// ProblemStale: it is too old.
	ProblemStale Problem = "Stale"
	// ProblemSilent: half of the replicas or more did not answer.
	ProblemSilent Problem = "Silent"
	// ProblemImpossible: NaN, negative, more busy than slots, more waiting than room, and the like.
	ProblemImpossible Problem = "Impossible"
	// ProblemFrozen: there is work, and nothing has moved for longer than a submission may take.
	ProblemFrozen Problem = "Frozen"
	// ProblemReset: a counter fell, or leapt.
	ProblemReset Problem = "Reset"
	// ProblemVanished: work is gone that nobody finished.
	ProblemVanished Problem = "Vanished"
	// ProblemClock: the clock jumped.
	ProblemClock Problem = "Clock"
)
