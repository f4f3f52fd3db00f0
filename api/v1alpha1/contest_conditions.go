package v1alpha1

// Condition types of a Contest.
const (
	// ConditionHolding is True while the pool is held at the contest's replicas: from the warm-up to the cool-down's end.
	ConditionHolding = "Holding"
	// ConditionPrewarmed is True when the pool is ready for the contest, False when it is not or cannot become so, and
	// Unknown as long as it is too early to say.
	ConditionPrewarmed = "Prewarmed"
	// ConditionReported is True when the report is final, whether anything is missing from it or not, and False while it grows.
	ConditionReported = "Reported"
)

// Reasons of Holding: where the contest is.
const (
	// ReasonScheduled: the warm-up has not begun.
	ReasonScheduled = "Scheduled"
	// ReasonWarmingUp: the replicas are held and the contest has not started.
	ReasonWarmingUp = "WarmingUp"
	// ReasonRunning: the contest is under way.
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

// Reasons of Prewarmed. Where the pool itself is at fault, the reason is that of its Stalled condition.
const (
	// ReasonWarmUpAhead: it is too early to say.
	ReasonWarmUpAhead = "WarmUpAhead"
	// ReasonPullingImage: it is too early to say, and the pool's image is being pulled on the nodes.
	ReasonPullingImage = "PullingImage"
	// ReasonImagePulled: it is too early to say, and the pool's image is on every node that takes its pods.
	ReasonImagePulled = "ImagePulled"
	// ReasonEveryReplicaProved: all replicas that are held are ready, behind the Service and isolated, and each answered the
	// canary rightly in each language.
	ReasonEveryReplicaProved = "EveryReplicaProved"
	// ReasonNotInService: a ready replica is not behind the pool's Service.
	ReasonNotInService = "NotInService"
	// ReasonCanaryFailed: a replica answers the canary wrongly or not at all.
	ReasonCanaryFailed = "CanaryFailed"
	// ReasonCanaryPending: a replica has not answered the canary yet.
	ReasonCanaryPending = "CanaryPending"
	// ReasonPoolNotFound: there is no pool of that name.
	ReasonPoolNotFound = "PoolNotFound"
	// ReasonExceedsMaxReplicas: the contest takes more replicas than the pool may have.
	ReasonExceedsMaxReplicas = "ExceedsMaxReplicas"
	// ReasonExceedsQuota: the contest takes more replicas than a quota of the namespace has room for.
	ReasonExceedsQuota = "ExceedsQuota"
	// ReasonExceedsNodes: the contest takes more replicas than today's nodes have room for.
	ReasonExceedsNodes = "ExceedsNodes"
)

// Reasons of Reported.
const (
	// ReasonRecording: the contest has started and has not been released.
	ReasonRecording = "Recording"
	// ReasonComplete: the report is final, and nothing is missing from it.
	ReasonComplete = "Complete"
	// ReasonIncomplete: the report is final, and status.report.notes says what is missing.
	ReasonIncomplete = "Incomplete"
)
