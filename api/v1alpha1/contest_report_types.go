package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ContestReport is what the pool's replicas did from the contest's start to its release. Submissions of canaries are no part
// of it. Contests that overlap on one pool each have all of its submissions.
type ContestReport struct {
	// summary is the report in one line.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`

	// notes say what is missing from the numbers and why. Absent when nothing is.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Notes string `json:"notes,omitempty"`

	// fromTime is from when submissions are counted: the contest's start, or when it was declared, if that was later.
	// +optional
	FromTime metav1.Time `json:"fromTime,omitzero"`

	// toTime is up to when they are counted: when the replicas were last asked, just before the release.
	// +optional
	ToTime metav1.Time `json:"toTime,omitzero"`

	// submissions is how many the replicas took in: each got a slot or a place in a queue. One that was refused and sent again
	// counts once.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Submissions int64 `json:"submissions"`

	// verdicts are how many submissions got each verdict. Together with lost, givenUp and those that waited too long, which
	// are among rejected, they are the submissions.
	// +optional
	// +listType=map
	// +listMapKey=verdict
	// +kubebuilder:validation:MaxItems=16
	Verdicts []VerdictCount `json:"verdicts,omitempty"`

	// rejected is how many requests were answered 503 and not run, as the queue was full, the wait too long or the replica
	// about to end. Requests that were wrong in themselves are not counted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Rejected int64 `json:"rejected"`

	// givenUp is how many submissions lost their client before they had a verdict.
	// +optional
	// +kubebuilder:validation:Minimum=0
	GivenUp int64 `json:"givenUp"`

	// lost is how many submissions were held, waiting or running, by a replica when it was last seen before it ended without
	// telling how it answered them. 0 unless something went wrong.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Lost int64 `json:"lost"`

	// uncounted is how many submissions may be missing from the numbers at most, as notes says; 0 when nothing is missing.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Uncounted int64 `json:"uncounted"`

	// peakQueueDepth is the most submissions that waited at one time, each replica's deepest queue of two seconds added up.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PeakQueueDepth int64 `json:"peakQueueDepth"`

	// waitP50Millis is the wait for a slot in milliseconds that half of the submissions with a verdict did not exceed, to
	// within 5 %.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP50Millis int64 `json:"waitP50Millis"`

	// waitP95Millis is the wait in milliseconds that 95 of 100 did not exceed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP95Millis int64 `json:"waitP95Millis"`

	// waitP99Millis is the wait in milliseconds that 99 of 100 did not exceed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP99Millis int64 `json:"waitP99Millis"`

	// peakReplicas is the most replicas that were ready at one time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PeakReplicas int32 `json:"peakReplicas"`

	// replicaSeconds is for how long replicas existed, all together, in seconds. 3600 is one replica-hour.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReplicaSeconds int64 `json:"replicaSeconds"`

	// forecast is what was expected when the contest was planned.
	// +optional
	Forecast ContestFigures `json:"forecast,omitzero"`

	// actual is what the replicas measured of the same.
	// +optional
	Actual ContestFigures `json:"actual,omitzero"`
}

// VerdictCount is how many submissions got a verdict.
type VerdictCount struct {
	// verdict is that of the executor's API, such as OK or TimeLimit.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Verdict string `json:"verdict,omitempty"`

	// count is how many submissions got it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Count int64 `json:"count"`
}

// ContestFigures are the load of a contest and what it took, as expected or as measured. What was not planned is 0.
type ContestFigures struct {
	// burst is how many submissions come at once: those of the burst that was planned for, or the most in a minute.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Burst int64 `json:"burst"`

	// submissionsPerHour is how many submissions come in an hour: what all participants send in one, or the most there were in
	// 60 minutes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SubmissionsPerHour int64 `json:"submissionsPerHour"`

	// slotMillis is the mean time in milliseconds for which a submission holds a slot.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SlotMillis int64 `json:"slotMillis"`

	// replicas is how many the contest holds, or the most that were ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// waitP95Millis is the wait in milliseconds that 95 of 100 do not exceed: of the burst, or of all submissions.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP95Millis int64 `json:"waitP95Millis"`
}
