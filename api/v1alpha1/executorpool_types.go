package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ExecutorPool is a fleet of executor pods that compile and run contestants' programs.
//
// Each replica has workers x threads slots and one bounded queue. `spec: {}` is a working pool.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=xpool
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`,description="Replicas wanted now"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="Replicas that serve"
// +kubebuilder:printcolumn:name="Busy",type=integer,JSONPath=`.status.busySlots`,description="Slots that run a submission"
// +kubebuilder:printcolumn:name="Queue",type=integer,JSONPath=`.status.queueDepth`,description="Submissions that wait for a slot"
// +kubebuilder:printcolumn:name="Next contest",type=string,JSONPath=`.status.nextContest.startTime`,description="When the next contest starts"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why the pool is or is not ready"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="The cause in words"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 52 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name names the pool's Service too: use at most 52 characters, lower-case letters, digits and '-', beginning with a letter"
type ExecutorPool struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is wanted of the pool. Default: every field's own default.
	// +optional
	// +kubebuilder:default={}
	Spec ExecutorPoolSpec `json:"spec,omitzero"`

	// status is what the controller saw last. Written by the controller alone.
	// +optional
	Status ExecutorPoolStatus `json:"status,omitzero"`
}

// ExecutorPoolList is a list of pools.
//
// +kubebuilder:object:root=true
type ExecutorPoolList struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// items are the pools.
	Items []ExecutorPool `json:"items"`
}

// ExecutorPoolSpec is what is wanted of a pool.
//
// +kubebuilder:validation:XValidation:rule="!has(self.scaling) || !has(self.scaling.maxReplicas) || !has(self.scaling.targetWaitSeconds) || !has(self.queue) || !has(self.queue.maxWaitSeconds) || self.scaling.targetWaitSeconds <= self.queue.maxWaitSeconds",fieldPath=".scaling.targetWaitSeconds",reason=FieldValueInvalid,message="scaling.targetWaitSeconds must not be above queue.maxWaitSeconds, or submissions are refused before replicas are added: lower the one or raise the other"
// +kubebuilder:validation:XValidation:rule="!has(self.workers) || !has(self.threads) || self.workers * self.threads <= 512",message="workers x threads is the number of slots of a replica and may be at most 512: lower one of them and raise replicas instead"
// +kubebuilder:validation:XValidation:rule="!has(self.workers) || !has(self.threads) || !has(self.limits) || !has(self.resources) || !has(self.resources.limits) || !('memory' in self.resources.limits) || quantity(string(self.resources.limits['memory'])).asApproximateFloat() >= double(self.workers * self.threads * self.limits.memoryMiB + 128) * 1048576.0",fieldPath=".resources.limits",reason=FieldValueInvalid,message="resources.limits.memory must be at least workers x threads x limits.memoryMiB + 128Mi: raise it, leave it out to have it derived, or lower workers, threads or limits.memoryMiB",messageExpression="'resources.limits.memory must be at least workers x threads x limits.memoryMiB + 128Mi = %dMi, so that all slots can work at once: raise it to that, leave it out to have it derived, or lower workers, threads or limits.memoryMiB'.format([self.workers * self.threads * self.limits.memoryMiB + 128])"
type ExecutorPoolSpec struct {
	// image is the executor image each replica runs. Default: the manager's --executor-image.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$') && !self.contains('//')",message="image must be an image reference such as registry.example/executor:1.2 or registry.example/executor@sha256:..., without spaces and without https://"
	Image string `json:"image,omitempty"`

	// replicas is the number of executor pods the admin asks for; `kubectl scale` writes it. Default 1. It is obeyed
	// exactly; 0 stops the pool once what was accepted is answered. With scaling.maxReplicas it is the floor, below which
	// the pool never scales itself.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	Replicas *int32 `json:"replicas,omitempty"`

	// workers is the number of worker processes in a replica. Default 4. A worker that dies costs only the submissions
	// in its own slots. A change replaces the pods.
	// +optional
	// +kubebuilder:default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Workers int32 `json:"workers,omitempty"`

	// threads is the number of slots in a worker, each running one submission at a time. Default 2. A change replaces
	// the pods.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Threads int32 `json:"threads,omitempty"`

	// timeoutSeconds is the hard bound in seconds on one submission once a slot has taken it, compilation and all runs
	// together. Default 60. A change replaces the pods.
	// +optional
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`

	// queue bounds what waits for a slot in each replica.
	// +optional
	// +kubebuilder:default={}
	Queue QueueSpec `json:"queue,omitzero"`

	// limits are the ceilings of one run; a request may ask for less, never for more.
	// +optional
	// +kubebuilder:default={}
	Limits RunLimits `json:"limits,omitzero"`

	// recycleAfter is the number of runs after which a worker process is replaced, give or take a tenth so that
	// workers do not go together. Default 10000. Nothing is lost by it. A change replaces the pods.
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	RecycleAfter int32 `json:"recycleAfter,omitempty"`

	// resources are the executor container's requests and limits. Default: derived from slots and limits so that all
	// slots can use their memory at once. What is given here replaces the derived value of that one resource.
	// +optional
	// +kubebuilder:default={}
	Resources ContainerResources `json:"resources,omitzero"`

	// isolation says how strongly runs must be isolated.
	// +optional
	// +kubebuilder:default={}
	Isolation IsolationSpec `json:"isolation,omitzero"`

	// scaling says how the pool scales itself.
	// +optional
	// +kubebuilder:default={}
	Scaling ScalingSpec `json:"scaling,omitzero"`

	// rollout says how pods are replaced when the pod template changes.
	// +optional
	// +kubebuilder:default={}
	Rollout RolloutSpec `json:"rollout,omitzero"`

	// scheduling says where the pods may run.
	// +optional
	Scheduling SchedulingSpec `json:"scheduling,omitzero"`
}

// QueueSpec bounds the queue of a replica.
type QueueSpec struct {
	// capacity is how many submissions a replica lets wait; one more is answered 503 with Retry-After at once.
	// Default 128.
	// +optional
	// +kubebuilder:default=128
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Capacity int32 `json:"capacity,omitempty"`

	// maxWaitSeconds is how long in seconds a submission may wait; then it is answered 503 and never run. Default 30.
	// +optional
	// +kubebuilder:default=30
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	MaxWaitSeconds int32 `json:"maxWaitSeconds,omitempty"`
}

// RunLimits are the ceilings of one run.
type RunLimits struct {
	// cpuMillis is CPU time of the run's whole process tree in milliseconds. Default 10000.
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=3600000
	CPUMillis int32 `json:"cpuMillis,omitempty"`

	// memoryMiB is memory of the run's whole process tree in MiB. Default 256.
	// +optional
	// +kubebuilder:default=256
	// +kubebuilder:validation:Minimum=16
	// +kubebuilder:validation:Maximum=65536
	MemoryMiB int32 `json:"memoryMiB,omitempty"`

	// outputKiB is stdout and stderr each, in KiB. Default 64.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65536
	OutputKiB int32 `json:"outputKiB,omitempty"`

	// processes is how many processes and threads a run may have at one time. Default 64. Java and JavaScript need
	// about 30 for themselves.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	Processes int32 `json:"processes,omitempty"`

	// diskMiB is what a run may leave on disk at one time, in MiB. Default 64. The scratch volume of a replica is
	// slots x diskMiB and is held in memory.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=16384
	DiskMiB int32 `json:"diskMiB,omitempty"`
}

// ContainerResources are requests and limits of the executor container.
//
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || !('cpu' in self.requests) || !('cpu' in self.limits) || quantity(string(self.requests['cpu'])).compareTo(quantity(string(self.limits['cpu']))) <= 0",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests.cpu must not be above resources.limits.cpu: lower the request or raise the limit"
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || !('memory' in self.requests) || !('memory' in self.limits) || quantity(string(self.requests['memory'])).compareTo(quantity(string(self.limits['memory']))) <= 0",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests.memory must not be above resources.limits.memory: lower the request or raise the limit"
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || self.requests.all(name, quantity(string(self.requests[name])).compareTo(quantity('0')) >= 0)",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests must not be negative: write quantities such as cpu: 500m, memory: 1Gi"
// +kubebuilder:validation:XValidation:rule="!has(self.limits) || self.limits.all(name, quantity(string(self.limits[name])).compareTo(quantity('0')) > 0)",fieldPath=".limits",reason=FieldValueInvalid,message="resources.limits must be above 0: write quantities such as cpu: '2', memory: 3Gi, or leave a limit out"
type ContainerResources struct {
	// requests are what the scheduler reserves, by resource name (cpu, memory, ...).
	// +optional
	// +kubebuilder:validation:MaxProperties=8
	Requests corev1.ResourceList `json:"requests,omitempty"`

	// limits are what the container may use at most, by resource name. limits.memory must be at least
	// workers x threads x the pool's limits.memoryMiB + 128Mi, or one run could have the others killed.
	// +optional
	// +kubebuilder:validation:MaxProperties=8
	Limits corev1.ResourceList `json:"limits,omitempty"`
}

// Tier is how strongly runs are isolated; see the security guide.
//
// +kubebuilder:validation:Enum=None;RestrictedLegacy;Restricted;Namespaced
type Tier string

// The tiers in rising order.
const (
	// TierNone enforces nothing.
	TierNone Tier = "None"
	// TierRestrictedLegacy is Landlock before ABI 6 with seccomp standing in for what it lacks.
	TierRestrictedLegacy Tier = "RestrictedLegacy"
	// TierRestricted is Landlock from ABI 6, seccomp, rlimits and process-tree accounting.
	TierRestricted Tier = "Restricted"
	// TierNamespaced adds namespaces of the worker's own.
	TierNamespaced Tier = "Namespaced"
)

// IsolationSpec says how strongly runs must be isolated.
type IsolationSpec struct {
	// minimumTier is the tier a replica must prove at boot by live attempts; below it the replica refuses to become
	// ready. One of None, RestrictedLegacy, Restricted, Namespaced. Default RestrictedLegacy.
	// +optional
	// +kubebuilder:default=RestrictedLegacy
	MinimumTier Tier `json:"minimumTier,omitempty"`

	// runtimeClassName is the RuntimeClass of the pods, such as gvisor. Default: the cluster's default runtime.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="runtimeClassName must be the name of a RuntimeClass such as gvisor: lower-case letters, digits, '-' and '.'"
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
}

// RolloutSpec says how pods are replaced.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxSurge) || !has(self.maxUnavailable) || !(string(self.maxSurge) in ['0', '0%'] && string(self.maxUnavailable) in ['0', '0%'])",message="rollout.maxSurge and rollout.maxUnavailable cannot both be 0, no pod could ever be replaced: set maxSurge to 1 or more"
type RolloutSpec struct {
	// maxSurge is how many pods, as a number or a percentage of the replicas, may exist beyond the replicas during a
	// rollout. Default 25%.
	// +optional
	// +kubebuilder:default="25%"
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([0-9]|[1-9][0-9]|100)%$')",message="rollout.maxSurge must be a number of pods such as 1, or a percentage from 0% to 100%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`

	// maxUnavailable is how many pods, as a number or a percentage of the replicas, may be missing during a rollout.
	// Default 0.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([0-9]|[1-9][0-9]|100)%$')",message="rollout.maxUnavailable must be a number of pods such as 0, or a percentage from 0% to 100%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// duringContest says what becomes of a change that would replace pods while a Contest of the pool is between its start
	// and its end: Hold (pods stay as they are until the contest is over) or Proceed. Default Hold. Replicas come and go all
	// the same.
	// +optional
	// +kubebuilder:default=Hold
	DuringContest RolloutDuringContest `json:"duringContest,omitempty"`
}

// RolloutDuringContest says what becomes of a change that would replace pods while a contest runs.
//
// +kubebuilder:validation:Enum=Hold;Proceed
type RolloutDuringContest string

const (
	// RolloutHold leaves pods as they are until the contest is over.
	RolloutHold RolloutDuringContest = "Hold"
	// RolloutProceed replaces them.
	RolloutProceed RolloutDuringContest = "Proceed"
)

// SchedulingSpec says where the pods may run. Each field goes into the pod unchanged.
type SchedulingSpec struct {
	// nodeSelector are labels a node must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations are the taints the pods put up with.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.effect) || t.effect in ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])",message="scheduling.tolerations: effect must be NoSchedule, PreferNoSchedule or NoExecute, or left out for all of them"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !(has(t.operator) && t.operator == 'Exists') || !has(t.value) || t.value == '')",message="scheduling.tolerations: operator Exists takes no value: leave value out, or use operator Equal"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.tolerationSeconds) || (has(t.effect) && t.effect == 'NoExecute'))",message="scheduling.tolerations: tolerationSeconds needs effect NoExecute: set it, or leave tolerationSeconds out"
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// affinity are the pods' affinity rules.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// topologySpreadConstraints spread the pods over zones or nodes. A constraint without a labelSelector gets the
	// pool's own.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.maxSkew >= 1)",message="scheduling.topologySpreadConstraints: maxSkew must be 1 or more"
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.whenUnsatisfiable in ['DoNotSchedule', 'ScheduleAnyway'])",message="scheduling.topologySpreadConstraints: whenUnsatisfiable must be DoNotSchedule or ScheduleAnyway"
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.topologyKey != '')",message="scheduling.topologySpreadConstraints: topologyKey must name a node label such as topology.kubernetes.io/zone"
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName is the PriorityClass of the pods.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="priorityClassName must be the name of a PriorityClass such as contest-high: lower-case letters, digits, '-' and '.'"
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// imagePullSecrets name Secrets in the pool's namespace that hold credentials for the image.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(s, has(s.name) && s.name != '')",message="scheduling.imagePullSecrets: each needs the name of a Secret in the pool's namespace"
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// ExecutorPoolStatus is what the controller saw last.
type ExecutorPoolStatus struct {
	// observedGeneration is the metadata.generation this status belongs to.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of executor pods that exist.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// readyReplicas is the number of executor pods that serve.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// desiredReplicas is the number of executor pods the controller wants now.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DesiredReplicas int32 `json:"desiredReplicas"`

	// slots is the number of submissions the ready replicas can run at one time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Slots int32 `json:"slots"`

	// busySlots is the number of slots that ran a submission at the last sampling. It is sampled, not continuous.
	// +optional
	// +kubebuilder:validation:Minimum=0
	BusySlots int32 `json:"busySlots"`

	// queueDepth is the number of submissions that waited for a slot at the last sampling. It is sampled, not
	// continuous; each executor's /metrics has it to the second.
	// +optional
	// +kubebuilder:validation:Minimum=0
	QueueDepth int32 `json:"queueDepth"`

	// selector selects the pool's pods, in the form the scale subresource hands to autoscalers.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Selector string `json:"selector,omitempty"`

	// nextContest is the Contest of this pool that starts next.
	// +optional
	NextContest *NextContest `json:"nextContest,omitempty"`

	// lastScale is the last change of desiredReplicas.
	// +optional
	LastScale *ScaleRecord `json:"lastScale,omitempty"`

	// conditions are Ready, Reconciling, Stalled, MetricsFresh, ScalingLimited, IsolationEnforced and, while one is held,
	// RolloutHeld.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NextContest is the contest that starts next.
type NextContest struct {
	// name is that of the Contest.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// startTime is when it starts.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// replicas is the number of replicas it holds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`
}

// ScaleRecord is one change of the desired replicas.
type ScaleRecord struct {
	// time is when it was decided.
	// +required
	Time metav1.Time `json:"time"`

	// from is the number of replicas before.
	// +required
	// +kubebuilder:validation:Minimum=0
	From int32 `json:"from"`

	// to is the number of replicas after.
	// +required
	// +kubebuilder:validation:Minimum=0
	To int32 `json:"to"`

	// reason says in words why.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
}
