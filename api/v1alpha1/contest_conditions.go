package v1alpha1

// Condition types of a Contest.
const (
	// ConditionHolding is True while the contest holds its replicas: from the warm-up to the end of
	// the cool-down.
	ConditionHolding = "Holding"
	// ConditionPrewarmed is True when the pool is ready for the contest, False when the pool is late
	// or cannot become ready, and Unknown before that is known.
	ConditionPrewarmed = "Prewarmed"
	// ConditionReported is True when the report is final, complete or not, and False until then.
	ConditionReported = "Reported"
)

// Reasons of Holding: the stage of the contest.
const (
	// ReasonScheduled: the warm-up has not begun.
	ReasonScheduled = "Scheduled"
	// ReasonWarmingUp: the replicas are held and the contest has not started.
	ReasonWarmingUp = "WarmingUp"
	// ReasonRunning: the contest is between its start and its end.
	ReasonRunning = "Running"
	// ReasonPaused: the contest is paused, and the replicas are held.
	ReasonPaused = "Paused"
	// ReasonCoolingDown: the contest is over, and the replicas are still held.
	ReasonCoolingDown = "CoolingDown"
	// ReasonFinished: the cool-down is over.
	ReasonFinished = "Finished"
	// ReasonCancelled: the contest is cancelled.
	ReasonCancelled = "Cancelled"
)

// Reasons of Prewarmed. Where the pool itself has a fault, the reason is that of its condition
// Stalled.
const (
	// ReasonWarmUpAhead: the warm-up has not begun, or its first half is not over.
	ReasonWarmUpAhead = "WarmUpAhead"
	// ReasonPullingImage: the warm-up has not begun, and nodes pull the pool's image.
	ReasonPullingImage = "PullingImage"
	// ReasonImagePulled: the warm-up has not begun, and every node that takes the pool's pods has the
	// image.
	ReasonImagePulled = "ImagePulled"
	// ReasonEveryReplicaProved: all held replicas are ready, behind the Service and isolated, and each
	// answered the canary correctly in each language.
	ReasonEveryReplicaProved = "EveryReplicaProved"
	// ReasonNotInService: a ready replica is not behind the pool's Service.
	ReasonNotInService = "NotInService"
	// ReasonCanaryFailed: a replica answered the canary wrongly or not at all.
	ReasonCanaryFailed = "CanaryFailed"
	// ReasonCanaryPending: a replica has not answered the canary yet.
	ReasonCanaryPending = "CanaryPending"
	// ReasonPoolNotFound: no pool has the name spec.poolName.
	ReasonPoolNotFound = "PoolNotFound"
	// ReasonExceedsMaxReplicas: the contest needs more replicas than scaling.maxReplicas.
	ReasonExceedsMaxReplicas = "ExceedsMaxReplicas"
	// ReasonExceedsQuota: the contest needs more replicas than a quota of the namespace allows.
	ReasonExceedsQuota = "ExceedsQuota"
	// ReasonExceedsNodes: the contest needs more replicas than fit on the current nodes.
	ReasonExceedsNodes = "ExceedsNodes"
)

// Reasons of Reported.
const (
	// ReasonRecording: the contest has started and has not been released.
	ReasonRecording = "Recording"
	// ReasonComplete: the report is final, and nothing is missing from it.
	ReasonComplete = "Complete"
	// ReasonIncomplete: the report is final, and status.report.notes names what is missing.
	ReasonIncomplete = "Incomplete"
)
