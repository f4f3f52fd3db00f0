package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Contest keeps a pool large enough for a contest, from before its start until after its end.
//
// The controller computes the number of replicas from the participants and the load model, unless
// replicas gives it. Contests of one pool that overlap add up. The controller never writes the
// pool's spec.replicas.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced
// +kubebuilder:printcolumn:name="Pool",type=string,JSONPath=`.spec.poolName`,description="Pool that the contest keeps warm"
// +kubebuilder:printcolumn:name="Start",type=string,JSONPath=`.spec.startTime`,description="Start of the contest"
// +kubebuilder:printcolumn:name="Warms",type=string,JSONPath=`.status.warmUpTime`,description="Time at which the controller requests the replicas"
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.replicas`,description="Replicas that the contest holds"
// +kubebuilder:printcolumn:name="Stage",type=string,JSONPath=`.status.conditions[?(@.type=="Holding")].reason`,description="Stage of the contest: Scheduled, WarmingUp, Running, Paused, CoolingDown, Finished or Cancelled"
// +kubebuilder:printcolumn:name="Prewarmed",type=string,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].status`,description="Whether the pool is proved to be ready for the contest"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].reason`,description="Reason of the condition Prewarmed"
// +kubebuilder:printcolumn:name="Sizing",type=string,priority=1,JSONPath=`.status.sizing`,description="Explanation of the number of replicas"
// +kubebuilder:printcolumn:name="Report",type=string,priority=1,JSONPath=`.status.report.summary`,description="Summary of the report"
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Prewarmed")].message`,description="Message of the condition Prewarmed"
type Contest struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the time and the size of the contest.
	// +required
	Spec ContestSpec `json:"spec,omitzero"`

	// status is the plan and the state of the contest. Only the controller writes it.
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

// ContestState is the desired state of a contest.
//
// +kubebuilder:validation:Enum=Scheduled;Paused;Cancelled
type ContestState string

// The desired states of a contest.
const (
	// ContestScheduled warms the pool up and releases it at the contest's times.
	ContestScheduled ContestState = "Scheduled"
	// ContestPaused keeps the pool warm past the end, until the state is Scheduled or Cancelled.
	// Before the warm-up it has no effect.
	ContestPaused ContestState = "Paused"
	// ContestCancelled releases the pool at once.
	ContestCancelled ContestState = "Cancelled"
)

// ContestSpec is the time and the size of a contest.
//
// +kubebuilder:validation:XValidation:rule="has(self.participants) || has(self.replicas)",message="participants is needed to compute how many replicas the contest takes: set it to how many are expected, or set replicas to the number to hold"
type ContestSpec struct {
	// poolName is the name of the ExecutorPool, in the contest's namespace, that the contest keeps
	// warm. It is immutable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=52
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="poolName cannot be changed: delete the Contest and create it for the other pool"
	PoolName string `json:"poolName,omitempty"`

	// startTime is the time of the start in RFC 3339, with any UTC offset. A change moves the warm-up
	// with the start.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// durationSeconds is the length of the contest in seconds, at most 31 days. The contest ends at
	// startTime + durationSeconds.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2678400
	DurationSeconds int32 `json:"durationSeconds,omitempty"`

	// participants is the number of expected participants: teams or persons who submit independently.
	// Required unless replicas is set.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Participants int32 `json:"participants,omitempty"`

	// load is the expected load of each participant. Default: the default of every field.
	// +optional
	// +kubebuilder:default={}
	Load ContestLoad `json:"load,omitzero"`

	// targetWaitSeconds is the queue wait in seconds that 95 of 100 submissions should not exceed.
	// Default: the pool's scaling.targetWaitSeconds. The controller computes the replicas for this
	// target.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TargetWaitSeconds int32 `json:"targetWaitSeconds,omitempty"`

	// replicas is the number of replicas to hold. Default: computed from participants, and at most the
	// pool's scaling.maxReplicas. An explicit number may be above scaling.maxReplicas.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Replicas int32 `json:"replicas,omitempty"`

	// warmUpSeconds is the time in seconds before the start at which the controller requests the
	// replicas. Default: twice the time that the pool's pods took to become ready, and at least 300.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	WarmUpSeconds *int32 `json:"warmUpSeconds,omitempty"`

	// imagePullSeconds is the time in seconds before the warm-up at which the controller pulls the
	// pool's image on every node that takes the pool's pods. Default 900. The replicas then start
	// without a pull. 0 turns the pull off.
	// +optional
	// +kubebuilder:default=900
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	ImagePullSeconds *int32 `json:"imagePullSeconds,omitempty"`

	// coolDownSeconds is the time in seconds after the end for which the contest holds the replicas,
	// for late submissions and rejudging. Default 900.
	// +optional
	// +kubebuilder:default=900
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=604800
	CoolDownSeconds *int32 `json:"coolDownSeconds,omitempty"`

	// state is Scheduled, Paused (the pool stays warm past the end) or Cancelled (the controller
	// releases the pool at once). Default Scheduled.
	// +optional
	// +kubebuilder:default=Scheduled
	State ContestState `json:"state,omitempty"`

	// ttlSecondsAfterFinished is the time in seconds after the cool-down at which the controller
	// deletes the Contest. Default 2592000, which is 30 days.
	// +optional
	// +kubebuilder:default=2592000
	// +kubebuilder:validation:Minimum=0
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// ContestLoad is the expected load of each participant.
type ContestLoad struct {
	// secondsPerRun is the mean time in seconds for which a submission holds a slot, compilation and
	// all runs. Default: the mean that the pool's replicas measured over at least 100 submissions; 2
	// before that.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	SecondsPerRun int32 `json:"secondsPerRun,omitempty"`

	// burstPercent is the share of the participants, in percent, that submit at the same moment, such
	// as the start. Default 100.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	BurstPercent int32 `json:"burstPercent,omitempty"`

	// submissionsPerHour is the number of submissions of a participant in an hour, over the whole
	// contest. Default 20.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	SubmissionsPerHour int32 `json:"submissionsPerHour,omitempty"`
}

// ContestStatus is the plan and the state of a contest.
type ContestStatus struct {
	// observedGeneration is the metadata.generation that this status describes.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of replicas that the contest holds from warmUpTime to releaseTime. Once
	// the contest holds them, only a change of the spec changes the number.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// sizing is the explanation of the number of replicas.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Sizing string `json:"sizing,omitempty"`

	// servableParticipants is the number of participants that these replicas can serve within the
	// target wait.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ServableParticipants int32 `json:"servableParticipants"`

	// expectedWaitMillis is the expected 95th percentile of the queue wait of the burst on these
	// replicas, in milliseconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ExpectedWaitMillis int64 `json:"expectedWaitMillis"`

	// slotMillis is the mean time in milliseconds for which a submission holds a slot, as the plan
	// uses it: declared, measured or assumed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SlotMillis int64 `json:"slotMillis"`

	// warmUpSeconds is the time in seconds before the start at which the controller requests the
	// replicas.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WarmUpSeconds int32 `json:"warmUpSeconds"`

	// warmUpTime is the time at which the controller requests the replicas.
	// +optional
	WarmUpTime metav1.Time `json:"warmUpTime,omitzero"`

	// releaseTime is the time at which the controller releases the replicas. It is absent while the
	// contest is paused.
	// +optional
	ReleaseTime metav1.Time `json:"releaseTime,omitzero"`

	// report is what the replicas did during the contest. The controller writes it once a minute. It
	// is final when the condition Reported is True.
	// +optional
	Report *ContestReport `json:"report,omitempty"`

	// checkpoint is the state that another manager needs to continue the report. Its format is
	// internal. It is absent when the report is final.
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
