package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ContestReport is what the pool's replicas did from the contest's start to its release. It does
// not count canaries. Contests that overlap on one pool each count all submissions of the pool.
type ContestReport struct {
	// summary is the report in one line.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`

	// notes name what is missing from the numbers, and why. They are absent when nothing is missing.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	Notes string `json:"notes,omitempty"`

	// fromTime is the time from which submissions are counted: the contest's start or its declaration,
	// whichever is later.
	// +optional
	FromTime metav1.Time `json:"fromTime,omitzero"`

	// toTime is the time up to which submissions are counted: the last sample of the replicas, just
	// before the release.
	// +optional
	ToTime metav1.Time `json:"toTime,omitzero"`

	// submissions is the number of submissions that the replicas accepted: each got a slot or a place
	// in a queue. A submission that was rejected and sent again counts once.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Submissions int64 `json:"submissions"`

	// verdicts are the numbers of submissions with each verdict. verdicts, lost, givenUp and the part
	// of rejected that waited too long add up to submissions.
	// +optional
	// +listType=map
	// +listMapKey=verdict
	// +kubebuilder:validation:MaxItems=16
	Verdicts []VerdictCount `json:"verdicts,omitempty"`

	// rejected is the number of requests that were answered 503 and not run, because the queue was
	// full, the wait was too long or the replica was about to end. It does not count invalid requests.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Rejected int64 `json:"rejected"`

	// givenUp is the number of submissions whose client left before they had a verdict.
	// +optional
	// +kubebuilder:validation:Minimum=0
	GivenUp int64 `json:"givenUp"`

	// lost is the number of submissions, waiting or running, that a replica held at its last sample
	// before it ended without a report of their answers. It is 0 unless a replica failed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Lost int64 `json:"lost"`

	// uncounted is an upper bound of the number of submissions that are missing from the numbers.
	// notes names the reason. It is 0 when nothing is missing.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Uncounted int64 `json:"uncounted"`

	// peakQueueDepth is the highest number of submissions that waited at the same time: the sum of
	// each replica's deepest queue in two seconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PeakQueueDepth int64 `json:"peakQueueDepth"`

	// waitP50Millis is the median queue wait of the submissions with a verdict, in milliseconds, to
	// within 5 %.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP50Millis int64 `json:"waitP50Millis"`

	// waitP95Millis is the 95th percentile of the queue wait, in milliseconds, to within 5 %.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP95Millis int64 `json:"waitP95Millis"`

	// waitP99Millis is the 99th percentile of the queue wait, in milliseconds, to within 5 %.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP99Millis int64 `json:"waitP99Millis"`

	// peakReplicas is the highest number of replicas that were ready at the same time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PeakReplicas int32 `json:"peakReplicas"`

	// replicaSeconds is the sum of the times for which replicas existed, in seconds. 3600 is one
	// replica-hour.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReplicaSeconds int64 `json:"replicaSeconds"`

	// forecast is the expectation of the plan.
	// +optional
	Forecast ContestFigures `json:"forecast,omitzero"`

	// actual is what the replicas measured.
	// +optional
	Actual ContestFigures `json:"actual,omitzero"`
}

// VerdictCount is the number of submissions with one verdict.
type VerdictCount struct {
	// verdict is a verdict of the executor's API, such as OK or TimeLimit.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Verdict string `json:"verdict,omitempty"`

	// count is the number of submissions with this verdict.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Count int64 `json:"count"`
}

// ContestFigures are the load of a contest and the capacity that it took, as expected or as
// measured. A figure that was not planned is 0.
type ContestFigures struct {
	// burst is the number of submissions that arrive together: in the planned burst, or the highest
	// number in a minute.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Burst int64 `json:"burst"`

	// submissionsPerHour is the number of submissions in an hour: the planned number of all
	// participants, or the highest number in 60 minutes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SubmissionsPerHour int64 `json:"submissionsPerHour"`

	// slotMillis is the mean time in milliseconds for which a submission holds a slot.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SlotMillis int64 `json:"slotMillis"`

	// replicas is the number of replicas that the contest holds, or the highest number that were
	// ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// waitP95Millis is the 95th percentile of the queue wait, in milliseconds: of the burst, or of all
	// submissions.
	// +optional
	// +kubebuilder:validation:Minimum=0
	WaitP95Millis int64 `json:"waitP95Millis"`
}
