package v1alpha1

// Condition types of an ExecutorPool. Messages name causes in words; they hold no times or counters that change by
// themselves, so a condition is written only when the pool's state changes.
const (
	// ConditionReady is True when as many replicas as desired are ready and run the present spec.
	ConditionReady = "Ready"
	// ConditionReconciling is True while a rollout or a scale is under way.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when the pool cannot make progress until somebody mends what the message names.
	ConditionStalled = "Stalled"
	// ConditionMetricsFresh is True when every ready replica reported its slots and queue at the last sampling, and
	// scaling.source answered with a number that can be true. While it is not, the autoscaler removes no replica.
	ConditionMetricsFresh = "MetricsFresh"
	// ConditionScalingLimited is True when the autoscaler would have more or fewer replicas than it may.
	ConditionScalingLimited = "ScalingLimited"
	// ConditionRolloutHeld is True while a change waits for a contest's end before it replaces pods; else it is absent.
	ConditionRolloutHeld = "RolloutHeld"
	// ConditionIsolationEnforced is True when every sampled replica proved at least isolation.minimumTier at its boot.
	ConditionIsolationEnforced = "IsolationEnforced"
)

// Reasons of the conditions.
const (
	// ReasonAllReplicasReady: all desired replicas are ready.
	ReasonAllReplicasReady = "AllReplicasReady"
	// ReasonScaledToZero: spec.replicas is 0; there is nothing to wait for.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonReplicasNotReady: fewer replicas than desired are ready, with no known fault.
	ReasonReplicasNotReady = "ReplicasNotReady"
	// ReasonRollingOut: pods are being replaced because the pod template changed.
	ReasonRollingOut = "RollingOut"
	// ReasonScaling: replicas are being added or removed.
	ReasonScaling = "Scaling"
	// ReasonUpToDate: there is nothing to do.
	ReasonUpToDate = "UpToDate"
	// ReasonProgressing: nothing keeps the pool from making progress.
	ReasonProgressing = "Progressing"
	// ReasonImagePull: an image cannot be pulled.
	ReasonImagePull = "ImagePullFailed"
	// ReasonCrashLoop: a container ends again and again.
	ReasonCrashLoop = "CrashLoop"
	// ReasonUnschedulable: no node takes a pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonPodCreation: the API server refuses to create pods (quota, admission).
	ReasonPodCreation = "PodCreationRefused"
	// ReasonNotStarting: a container cannot be started (bad configuration, volume, security context).
	ReasonNotStarting = "ContainerNotStarting"
	// ReasonNotServing: a container runs but refuses to become ready.
	ReasonNotServing = "NotServing"
	// ReasonApplyRefused: the API server refuses an object of the pool.
	ReasonApplyRefused = "ApplyRefused"
	// ReasonNameTaken: an object with the name the pool needs exists and belongs to something else.
	ReasonNameTaken = "NameTaken"
	// ReasonSampled: every ready replica answered.
	ReasonSampled = "Sampled"
	// ReasonReplicasSilent: some ready replicas did not answer.
	ReasonReplicasSilent = "ReplicasSilent"
	// ReasonNoReplicas: there is no ready replica to ask.
	ReasonNoReplicas = "NoReplicas"
	// ReasonSourceFailed: scaling.source cannot be asked.
	ReasonSourceFailed = "SourceFailed"
	// ReasonSamplesFrozen: what should move stands still.
	ReasonSamplesFrozen = "SamplesFrozen"
	// ReasonSamplesImpossible: numbers that cannot be true.
	ReasonSamplesImpossible = "SamplesImpossible"
	// ReasonSamplesStale: the last sample is too old.
	ReasonSamplesStale = "SamplesStale"
	// ReasonSamplesContradictory: samples that do not go together.
	ReasonSamplesContradictory = "SamplesContradictory"
	// ReasonNotSampledYet: the manager has asked for the first time and waits for answers.
	ReasonNotSampledYet = "NotSampledYet"
	// ReasonAutoscalingOff: scaling.maxReplicas is not set.
	ReasonAutoscalingOff = "AutoscalingOff"
	// ReasonWithinLimits: the pool has the replicas its queue needs.
	ReasonWithinLimits = "WithinLimits"
	// ReasonTooFewAllowed: the queue needs more than scaling.maxReplicas.
	ReasonTooFewAllowed = "TooFewAllowed"
	// ReasonHeldOut: scaling.hold keeps the autoscaler from adding replicas.
	ReasonHeldOut = "HeldOut"
	// ReasonHeldIn: scaling.hold keeps the autoscaler from removing replicas.
	ReasonHeldIn = "HeldIn"
	// ReasonTierProved: the replicas proved the tier that is asked for.
	ReasonTierProved = "TierProved"
	// ReasonTierTooLow: a replica proved a lower tier than is asked for.
	ReasonTierTooLow = "TierTooLow"
	// ReasonContestRunning: a contest of the pool is between its start and its end.
	ReasonContestRunning = "ContestRunning"
)
