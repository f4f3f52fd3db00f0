package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Contest keeps a pool large enough for a contest, from before its start until after its end.
//
// How many replicas that takes is computed from the participants and the load model, or given as replicas. Contests of one
// pool that overlap add up. The pool's spec.replicas is never written.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced
// +kubebuilder:printcolumn:name="Pool",type=string,JSONPath=`.spec.poolName`,description="The pool that is kept warm"
// +kubebuilder:printcolumn:name="Start",type=string,JSONPath=`.spec.startTime`,description="When the contest starts"
// +kubebuilder:printcolumn:name="Warms",type=string,JSONPath=`.status.warmUpTime`,description="When the pool begins to grow"
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.replicas`,description="Replicas held for the contest"
// +kubebuilder:printcolumn:name="Stage",type=string,JSONPath=`.status.conditions[?(@.type=="Holding")].reason`,description="Where the contest is: Scheduled, WarmingUp, Running, Paused, CoolingDown, Finished or Cancelled"
// +kubebuilder:printcolumn:name="Prewarmed",type=string,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].status`,description="Whether the pool is proved to be ready"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].reason`,description="Why it is or is not"
// +kubebuilder:printcolumn:name="Sizing",type=string,priority=1,JSONPath=`.status.sizing`,description="Why so many replicas"
// +kubebuilder:printcolumn:name="Report",type=string,priority=1,JSONPath=`.status.report.summary`,description="What the replicas did, so far or in all"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].message`,description="The reason in words"
type Contest struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is when the contest is, and how large.
	// +required
	Spec ContestSpec `json:"spec,omitzero"`

	// status is what the controller makes of it. Written by the controller alone.
	// +optional
	Status ContestStatus `json:"status,omitzero"`
}

// ContestList is a list of contests.
//
// +kubebuilder:object:root=true
type ContestList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the contests.
	Items []Contest `json:"items"`
}

// ContestState is what the admin wants of a contest.
//
// +kubebuilder:validation:Enum=Scheduled;Paused;Cancelled
type ContestState string

// What an admin may want of a contest.
const (
	// ContestScheduled lets the pool warm up and cool down by the contest's times.
	ContestScheduled ContestState = "Scheduled"
	// ContestPaused keeps the pool warm past the end, until the contest is scheduled or cancelled. Before the warm-up it
	// changes nothing.
	ContestPaused ContestState = "Paused"
	// ContestCancelled lets go of the pool at once.
	ContestCancelled ContestState = "Cancelled"
)

// ContestSpec is when the contest is, and how large.
//
// +kubebuilder:validation:XValidation:rule="has(self.participants) || has(self.replicas)",message="participants is needed to compute how many replicas the contest takes: set it to how many are expected, or set replicas to the number to hold"
type ContestSpec struct {
	// poolName is the ExecutorPool, in the contest's namespace, that is kept warm. It cannot be changed.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=52
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="poolName cannot be changed: delete the Contest and create it for the other pool"
	PoolName string `json:"poolName,omitempty"`

	// startTime is the instant of the start in RFC 3339, with any UTC offset. A later or earlier one moves the warm-up
	// with it.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// durationSeconds is the length in seconds, at most 31 days. The contest ends at startTime + durationSeconds.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2678400
	DurationSeconds int32 `json:"durationSeconds,omitempty"`

	// participants is how many are expected, teams or single ones: whoever submits on their own.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Participants int32 `json:"participants,omitempty"`

	// load is what each participant is expected to submit.
	// +optional
	// +kubebuilder:default={}
	Load ContestLoad `json:"load,omitzero"`

	// targetWaitSeconds is how long in seconds a submission may queue; replicas are computed for it to hold for 95 of 100.
	// Default: the pool's scaling.targetWaitSeconds.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TargetWaitSeconds int32 `json:"targetWaitSeconds,omitempty"`

	// replicas is the number of replicas to hold instead of the computed one, also above the pool's scaling.maxReplicas.
	// Default: computed from participants, and at most scaling.maxReplicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Replicas int32 `json:"replicas,omitempty"`

	// warmUpSeconds is how long in seconds before the start the replicas are asked for. Default: what the pool's pods
	// took to become ready, twice over, and at least 300.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	WarmUpSeconds *int32 `json:"warmUpSeconds,omitempty"`

	// imagePullSeconds is how long in seconds before the warm-up the pool's image is pulled on every node that takes its
	// pods, so that replicas start from what is there. 0 pulls nothing ahead. Default 900.
	// +optional
	// +kubebuilder:default=900
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	ImagePullSeconds *int32 `json:"imagePullSeconds,omitempty"`

	// coolDownSeconds is how long in seconds after the end the replicas are held, for late submissions and rejudging.
	// Default 900.
	// +optional
	// +kubebuilder:default=900
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	CoolDownSeconds *int32 `json:"coolDownSeconds,omitempty"`

	// state is Scheduled, Paused (the pool stays warm past the end) or Cancelled (it is let go at once). Default
	// Scheduled.
	// +optional
	// +kubebuilder:default=Scheduled
	State ContestState `json:"state,omitempty"`

	// ttlSecondsAfterFinished is how long in seconds after the cool-down the Contest itself is kept, to be read; then it is
	// deleted. Default 2592000, which is 30 days.
	// +optional
	// +kubebuilder:default=2592000
	// +kubebuilder:validation:Minimum=0
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// ContestLoad is what each participant is expected to submit.
type ContestLoad struct {
	// secondsPerRun is the mean time in seconds for which a submission holds a slot, compilation and all runs. Default:
	// what the pool's replicas measured, once they have finished 100 submissions, else 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	SecondsPerRun int32 `json:"secondsPerRun,omitempty"`

	// burstPercent is how many of 100 participants submit at the same moment, such as the start. Default 100.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	BurstPercent int32 `json:"burstPercent,omitempty"`

	// submissionsPerHour is how often a participant submits in an hour, over the whole contest. Default 20.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	SubmissionsPerHour int32 `json:"submissionsPerHour,omitempty"`
}

// ContestStatus is what the controller makes of a contest.
type ContestStatus struct {
	// observedGeneration is the metadata.generation this status belongs to.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of replicas the contest holds from warmUpTime to releaseTime. Once they are held, only a change
	// of the spec changes it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// sizing says in words how the number of replicas came about.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Sizing string `json:"sizing,omitempty"`

	// servableParticipants is how many participants these replicas can serve within the target wait.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ServableParticipants int32 `json:"servableParticipants"`

	// expectedWaitMillis is the wait in milliseconds that 95 of 100 submissions of the burst are expected not to exceed on
	// these replicas.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ExpectedWaitMillis int64 `json:"expectedWaitMillis"`

	// slotMillis is the mean time in milliseconds for which a submission is taken to hold a slot: declared, measured or assumed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SlotMillis int64 `json:"slotMillis"`

	// warmUpSeconds is how long in seconds before the start the replicas are asked for.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WarmUpSeconds int32 `json:"warmUpSeconds"`

	// warmUpTime is when the pool begins to grow.
	// +optional
	WarmUpTime metav1.Time `json:"warmUpTime,omitzero"`

	// releaseTime is when the pool is let go. Absent while the contest is paused.
	// +optional
	ReleaseTime metav1.Time `json:"releaseTime,omitzero"`

	// report is what the replicas did during the contest: once a minute so far, and for good when the condition Reported is
	// True.
	// +optional
	Report *ContestReport `json:"report,omitempty"`

	// checkpoint is what another manager needs to go on with the report: no format to rely on, and absent when the report is
	// final.
	// +optional
	// +kubebuilder:validation:MaxLength=524288
	Checkpoint []byte `json:"checkpoint,omitempty"`

	// conditions are Holding, Prewarmed and, from the start on, Reported.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
