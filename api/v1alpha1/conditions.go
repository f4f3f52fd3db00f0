package v1alpha1

// Condition types of an ExecutorPool. Messages name causes. They contain no times or counters that
// change by themselves, so the controller writes a condition only when the pool's state changes.
const (
	// ConditionReady is True when as many replicas as desired are ready and run the current spec.
	ConditionReady = "Ready"
	// ConditionReconciling is True while a rollout or a scale is in progress.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when the pool cannot make progress until somebody fixes what the
	// message names.
	ConditionStalled = "Stalled"
	// ConditionMetricsFresh is True when every ready replica reported its slots and queue at the last
	// sample, and scaling.source answered with a possible number. Otherwise the autoscaler removes no
	// replica.
	ConditionMetricsFresh = "MetricsFresh"
	// ConditionScalingLimited is True when the need is more or fewer replicas than the autoscaler may
	// set.
	ConditionScalingLimited = "ScalingLimited"
	// ConditionRolloutHeld is True while a change waits for the end of a contest before it replaces
	// pods. Otherwise it is absent.
	ConditionRolloutHeld = "RolloutHeld"
	// ConditionIsolationEnforced is True when every sampled replica proved at least
	// isolation.minimumTier at its boot.
	ConditionIsolationEnforced = "IsolationEnforced"
)

// Reasons of the conditions.
const (
	// ReasonAllReplicasReady: all desired replicas are ready.
	ReasonAllReplicasReady = "AllReplicasReady"
	// ReasonScaledToZero: spec.replicas is 0, and no replica is desired.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonReplicasNotReady: fewer replicas than desired are ready, with no known fault.
	ReasonReplicasNotReady = "ReplicasNotReady"
	// ReasonRollingOut: pods are being replaced because the pod template changed.
	ReasonRollingOut = "RollingOut"
	// ReasonScaling: replicas are being added or removed.
	ReasonScaling = "Scaling"
	// ReasonUpToDate: the cluster holds the desired state.
	ReasonUpToDate = "UpToDate"
	// ReasonProgressing: no obstacle keeps the pool from making progress.
	ReasonProgressing = "Progressing"
	// ReasonImagePull: an image cannot be pulled.
	ReasonImagePull = "ImagePullFailed"
	// ReasonCrashLoop: a container crashes repeatedly.
	ReasonCrashLoop = "CrashLoop"
	// ReasonUnschedulable: the scheduler finds no node for a pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonPodCreation: the API server refuses to create pods (quota, admission).
	ReasonPodCreation = "PodCreationRefused"
	// ReasonNotStarting: a container cannot be started (bad configuration, volume, security context).
	ReasonNotStarting = "ContainerNotStarting"
	// ReasonNotServing: a container runs but refuses to become ready.
	ReasonNotServing = "NotServing"
	// ReasonNotAllowed: the manager's flags do not allow the image or the priority class of the pool.
	ReasonNotAllowed = "NotAllowed"
	// ReasonApplyRefused: the API server refuses an object of the pool.
	ReasonApplyRefused = "ApplyRefused"
	// ReasonNameTaken: an object with the name the pool needs exists and belongs to something else.
	ReasonNameTaken = "NameTaken"
	// ReasonSampled: every ready replica answered.
	ReasonSampled = "Sampled"
	// ReasonReplicasSilent: some ready replicas did not answer.
	ReasonReplicasSilent = "ReplicasSilent"
	// ReasonNoReplicas: no replica is ready.
	ReasonNoReplicas = "NoReplicas"
	// ReasonSourceFailed: the query of scaling.source failed.
	ReasonSourceFailed = "SourceFailed"
	// ReasonSamplesFrozen: counters that should change do not change.
	ReasonSamplesFrozen = "SamplesFrozen"
	// ReasonSamplesImpossible: a sample has impossible numbers.
	ReasonSamplesImpossible = "SamplesImpossible"
	// ReasonSamplesStale: the last sample is too old.
	ReasonSamplesStale = "SamplesStale"
	// ReasonSamplesContradictory: samples contradict each other.
	ReasonSamplesContradictory = "SamplesContradictory"
	// ReasonNotSampledYet: the manager waits for the first answers.
	ReasonNotSampledYet = "NotSampledYet"
	// ReasonAutoscalingOff: scaling.maxReplicas is not set.
	ReasonAutoscalingOff = "AutoscalingOff"
	// ReasonWithinLimits: the pool has the replicas that it needs.
	ReasonWithinLimits = "WithinLimits"
	// ReasonTooFewAllowed: the need is more than scaling.maxReplicas.
	ReasonTooFewAllowed = "TooFewAllowed"
	// ReasonHeldOut: scaling.hold keeps the autoscaler from adding replicas.
	ReasonHeldOut = "HeldOut"
	// ReasonHeldIn: scaling.hold keeps the autoscaler from removing replicas.
	ReasonHeldIn = "HeldIn"
	// ReasonTierProved: the replicas proved isolation.minimumTier.
	ReasonTierProved = "TierProved"
	// ReasonTierTooLow: a replica proved a tier below isolation.minimumTier.
	ReasonTierTooLow = "TierTooLow"
	// ReasonContestRunning: a contest of the pool is between its start and its end.
	ReasonContestRunning = "ContestRunning"
)
