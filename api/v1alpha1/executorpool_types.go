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
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredReplicas`,description="Replicas that the controller requests now"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="Replicas that are ready"
// +kubebuilder:printcolumn:name="Busy",type=integer,JSONPath=`.status.busySlots`,description="Slots that run a submission"
// +kubebuilder:printcolumn:name="Queue",type=integer,JSONPath=`.status.queueDepth`,description="Submissions that wait for a slot"
// +kubebuilder:printcolumn:name="Next contest",type=string,JSONPath=`.status.nextContest.startTime`,description="Start of the next contest"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why the pool is or is not ready"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,description="Message of the condition Ready"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 52 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name names the pool's Service too: use at most 52 characters, lower-case letters, digits and '-', beginning with a letter"
type ExecutorPool struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state of the pool. Default: the default of every field.
	// +optional
	// +kubebuilder:default={}
	Spec ExecutorPoolSpec `json:"spec,omitzero"`

	// status is the last observed state of the pool. Only the controller writes it.
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

// ExecutorPoolSpec is the desired state of a pool.
//
// +kubebuilder:validation:XValidation:rule="!has(self.scaling) || !has(self.scaling.maxReplicas) || !has(self.scaling.targetWaitSeconds) || !has(self.queue) || !has(self.queue.maxWaitSeconds) || self.scaling.targetWaitSeconds <= self.queue.maxWaitSeconds",fieldPath=".scaling.targetWaitSeconds",reason=FieldValueInvalid,message="scaling.targetWaitSeconds must not be above queue.maxWaitSeconds, or submissions are refused before replicas are added: lower the one or raise the other"
// +kubebuilder:validation:XValidation:rule="!has(self.workers) || !has(self.threads) || self.workers * self.threads <= 512",message="workers x threads is the number of slots of a replica and may be at most 512: lower one of them and raise replicas instead"
// +kubebuilder:validation:XValidation:rule="!has(self.workers) || !has(self.threads) || !has(self.limits) || !has(self.resources) || !has(self.resources.limits) || !('memory' in self.resources.limits) || quantity(string(self.resources.limits['memory'])).asApproximateFloat() >= double(self.workers * self.threads * self.limits.memoryMiB + 128) * 1048576.0",fieldPath=".resources.limits",reason=FieldValueInvalid,message="resources.limits.memory must be at least workers x threads x limits.memoryMiB + 128Mi: raise it, leave it out to have it derived, or lower workers, threads or limits.memoryMiB",messageExpression="'resources.limits.memory must be at least workers x threads x limits.memoryMiB + 128Mi = %dMi, so that all slots can work at once: raise it to that, leave it out to have it derived, or lower workers, threads or limits.memoryMiB'.format([self.workers * self.threads * self.limits.memoryMiB + 128])"
type ExecutorPoolSpec struct {
	// image is the executor image of each replica. Default: the manager's --executor-image. A change
	// replaces the pods. The manager's --allowed-images can bound it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$') && !self.contains('//')",message="image must be an image reference such as registry.example/executor:1.2 or registry.example/executor@sha256:..., without spaces and without https://"
	Image string `json:"image,omitempty"`

	// replicas is the number of executor pods that the admin requests. Default 1. `kubectl scale`
	// writes it. The controller obeys it exactly. 0 stops the pool after it has answered every
	// accepted submission. With scaling.maxReplicas it is the floor: the autoscaler never goes below
	// it.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10000
	Replicas *int32 `json:"replicas,omitempty"`

	// workers is the number of worker processes in a replica. Default 4. The death of a worker affects
	// only the submissions in its own slots. A change replaces the pods.
	// +optional
	// +kubebuilder:default=4
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Workers int32 `json:"workers,omitempty"`

	// threads is the number of slots in a worker. Default 2. Each slot runs one submission at a time.
	// A change replaces the pods.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=64
	Threads int32 `json:"threads,omitempty"`

	// timeoutSeconds is the hard bound in seconds on the time for which one submission holds a slot:
	// compilation and all runs together. Default 60. A change replaces the pods.
	// +optional
	// +kubebuilder:default=60
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TimeoutSeconds int32 `json:"timeoutSeconds,omitempty"`

	// queue bounds the queue of each replica. Default: the default of every field. A change replaces
	// the pods.
	// +optional
	// +kubebuilder:default={}
	Queue QueueSpec `json:"queue,omitzero"`

	// limits are the ceilings of one run. Default: the default of every field. A request may ask for
	// less, but not for more. A change replaces the pods.
	// +optional
	// +kubebuilder:default={}
	Limits RunLimits `json:"limits,omitzero"`

	// recycleAfter is the number of runs after which the supervisor recycles a worker process. Default
	// 10000. The number varies by up to a tenth, so that workers are not recycled at the same time.
	// Recycling loses no submission. A change replaces the pods.
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	RecycleAfter int32 `json:"recycleAfter,omitempty"`

	// resources are the requests and limits of the executor container. Default: derived from slots and
	// limits, so that all slots can use their memory at the same time. A value here replaces the
	// derived value of that one resource. A change replaces the pods.
	// +optional
	// +kubebuilder:default={}
	Resources ContainerResources `json:"resources,omitzero"`

	// isolation is the required isolation of runs. Default: the default of every field.
	// +optional
	// +kubebuilder:default={}
	Isolation IsolationSpec `json:"isolation,omitzero"`

	// scaling configures the autoscaler of the pool. Default: no autoscaling.
	// +optional
	// +kubebuilder:default={}
	Scaling ScalingSpec `json:"scaling,omitzero"`

	// rollout configures the replacement of pods after a change of the pod template. Default: the
	// default of every field.
	// +optional
	// +kubebuilder:default={}
	Rollout RolloutSpec `json:"rollout,omitzero"`

	// scheduling constrains the nodes on which the pods run. Default: no constraint. A change replaces
	// the pods.
	// +optional
	Scheduling SchedulingSpec `json:"scheduling,omitzero"`
}

// QueueSpec bounds the queue of a replica.
type QueueSpec struct {
	// capacity is the highest number of submissions that wait in a replica. Default 128. The executor
	// answers a further submission 503 with Retry-After at once.
	// +optional
	// +kubebuilder:default=128
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Capacity int32 `json:"capacity,omitempty"`

	// maxWaitSeconds is the longest time in seconds that a submission waits for a slot. Default 30.
	// After that time the executor answers it 503 and never runs it.
	// +optional
	// +kubebuilder:default=30
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	MaxWaitSeconds int32 `json:"maxWaitSeconds,omitempty"`
}

// RunLimits are the ceilings of one run.
type RunLimits struct {
	// cpuMillis is the highest CPU time of a run's process tree in milliseconds. Default 10000. A run
	// that exceeds it gets the verdict TimeLimit.
	// +optional
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=3600000
	CPUMillis int32 `json:"cpuMillis,omitempty"`

	// memoryMiB is the highest memory of a run's process tree in MiB. Default 256. A run that exceeds
	// it gets the verdict MemoryLimit.
	// +optional
	// +kubebuilder:default=256
	// +kubebuilder:validation:Minimum=16
	// +kubebuilder:validation:Maximum=65536
	MemoryMiB int32 `json:"memoryMiB,omitempty"`

	// outputKiB is the highest size of stdout, and of stderr, in KiB. Default 64. A run that exceeds
	// it gets the verdict OutputLimit.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65536
	OutputKiB int32 `json:"outputKiB,omitempty"`

	// processes is the highest number of processes and threads that a run has at the same time.
	// Default 64. The runtimes of Java and JavaScript need about 30.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4096
	Processes int32 `json:"processes,omitempty"`

	// diskMiB is the highest size of a run's files at the same time, in MiB. Default 64. The scratch
	// volume of a replica has slots x diskMiB and is held in memory.
	// +optional
	// +kubebuilder:default=64
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=16384
	DiskMiB int32 `json:"diskMiB,omitempty"`
}

// ContainerResources are the requests and limits of the executor container.
//
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || !('cpu' in self.requests) || !('cpu' in self.limits) || quantity(string(self.requests['cpu'])).compareTo(quantity(string(self.limits['cpu']))) <= 0",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests.cpu must not be above resources.limits.cpu: lower the request or raise the limit"
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || !('memory' in self.requests) || !('memory' in self.limits) || quantity(string(self.requests['memory'])).compareTo(quantity(string(self.limits['memory']))) <= 0",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests.memory must not be above resources.limits.memory: lower the request or raise the limit"
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || self.requests.all(name, quantity(string(self.requests[name])).compareTo(quantity('0')) >= 0)",fieldPath=".requests",reason=FieldValueInvalid,message="resources.requests must not be negative: write quantities such as cpu: 500m, memory: 1Gi"
// +kubebuilder:validation:XValidation:rule="!has(self.limits) || self.limits.all(name, quantity(string(self.limits[name])).compareTo(quantity('0')) > 0)",fieldPath=".limits",reason=FieldValueInvalid,message="resources.limits must be above 0: write quantities such as cpu: '2', memory: 3Gi, or leave a limit out"
type ContainerResources struct {
	// requests are the resources that the scheduler reserves, by resource name (cpu, memory, ...).
	// Default: derived from slots and limits.
	// +optional
	// +kubebuilder:validation:MaxProperties=8
	Requests corev1.ResourceList `json:"requests,omitempty"`

	// limits are the most resources that the container may use, by resource name. Default: derived
	// from slots and limits. limits.memory must be at least workers x threads x the pool's
	// limits.memoryMiB + 128Mi. With less, one run could cause the kernel to kill other runs.
	// +optional
	// +kubebuilder:validation:MaxProperties=8
	Limits corev1.ResourceList `json:"limits,omitempty"`
}

// Tier is the strength of the isolation of runs. docs/security.md describes the tiers.
//
// +kubebuilder:validation:Enum=None;RestrictedLegacy;Restricted;Namespaced
type Tier string

// The tiers in rising order.
const (
	// TierNone enforces nothing.
	TierNone Tier = "None"
	// TierRestrictedLegacy is Landlock before ABI 6, with seccomp in place of the features that it
	// lacks.
	TierRestrictedLegacy Tier = "RestrictedLegacy"
	// TierRestricted is Landlock from ABI 6, seccomp, rlimits and process-tree accounting.
	TierRestricted Tier = "Restricted"
	// TierNamespaced is TierRestricted with separate namespaces for each worker.
	TierNamespaced Tier = "Namespaced"
)

// IsolationSpec is the required isolation of runs.
type IsolationSpec struct {
	// minimumTier is the lowest tier that a replica must prove at boot by live attacks: None,
	// RestrictedLegacy, Restricted or Namespaced. Default RestrictedLegacy. A replica with a lower
	// tier does not become ready. A change replaces the pods.
	// +optional
	// +kubebuilder:default=RestrictedLegacy
	MinimumTier Tier `json:"minimumTier,omitempty"`

	// runtimeClassName is the RuntimeClass of the pods, such as gvisor. Default: the cluster's default
	// runtime. A change replaces the pods.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="runtimeClassName must be the name of a RuntimeClass such as gvisor: lower-case letters, digits, '-' and '.'"
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
}

// RolloutSpec configures the replacement of pods.
//
// +kubebuilder:validation:XValidation:rule="!has(self.maxSurge) || !has(self.maxUnavailable) || !(string(self.maxSurge) in ['0', '0%'] && string(self.maxUnavailable) in ['0', '0%'])",message="rollout.maxSurge and rollout.maxUnavailable cannot both be 0, no pod could ever be replaced: set maxSurge to 1 or more"
type RolloutSpec struct {
	// maxSurge is the number of pods that may exist above the replicas during a rollout, as a number
	// or a percentage of the replicas. Default 25%.
	// +optional
	// +kubebuilder:default="25%"
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([0-9]|[1-9][0-9]|100)%$')",message="rollout.maxSurge must be a number of pods such as 1, or a percentage from 0% to 100%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`

	// maxUnavailable is the number of pods that may be missing during a rollout, as a number or a
	// percentage of the replicas. Default 0.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([0-9]|[1-9][0-9]|100)%$')",message="rollout.maxUnavailable must be a number of pods such as 0, or a percentage from 0% to 100%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// duringContest is what happens to a change that would replace pods while a Contest of the pool is
	// between its start and its end: Hold (the change waits for the end) or Proceed (the change
	// replaces pods). Default Hold. Changes of the number of replicas take effect in both cases.
	// +optional
	// +kubebuilder:default=Hold
	DuringContest RolloutDuringContest `json:"duringContest,omitempty"`
}

// RolloutDuringContest is what happens to a change that would replace pods while a contest runs.
//
// +kubebuilder:validation:Enum=Hold;Proceed
type RolloutDuringContest string

const (
	// RolloutHold delays the change until the contest is over.
	RolloutHold RolloutDuringContest = "Hold"
	// RolloutProceed replaces pods during the contest.
	RolloutProceed RolloutDuringContest = "Proceed"
)

// SchedulingSpec constrains the nodes on which the pods run. The controller copies each field into
// the pod.
type SchedulingSpec struct {
	// nodeSelector are the labels that a node must have. Default: none.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations are the taints that the pods tolerate. Default: none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.effect) || t.effect in ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'])",message="scheduling.tolerations: effect must be NoSchedule, PreferNoSchedule or NoExecute, or left out for all of them"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !(has(t.operator) && t.operator == 'Exists') || !has(t.value) || t.value == '')",message="scheduling.tolerations: operator Exists takes no value: leave value out, or use operator Equal"
	// +kubebuilder:validation:XValidation:rule="self.all(t, !has(t.tolerationSeconds) || (has(t.effect) && t.effect == 'NoExecute'))",message="scheduling.tolerations: tolerationSeconds needs effect NoExecute: set it, or leave tolerationSeconds out"
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// affinity is the affinity of the pods to nodes and to other pods. Default: none.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// topologySpreadConstraints spread the pods over zones or nodes. Default: the scheduler's own. A
	// constraint without a labelSelector gets the pool's labelSelector.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.maxSkew >= 1)",message="scheduling.topologySpreadConstraints: maxSkew must be 1 or more"
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.whenUnsatisfiable in ['DoNotSchedule', 'ScheduleAnyway'])",message="scheduling.topologySpreadConstraints: whenUnsatisfiable must be DoNotSchedule or ScheduleAnyway"
	// +kubebuilder:validation:XValidation:rule="self.all(c, c.topologyKey != '')",message="scheduling.topologySpreadConstraints: topologyKey must name a node label such as topology.kubernetes.io/zone"
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName is the PriorityClass of the pods. Default: the cluster's default priority. The
	// manager's --allowed-priority-classes can bound it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="priorityClassName must be the name of a PriorityClass such as contest-high: lower-case letters, digits, '-' and '.'"
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// imagePullSecrets name Secrets in the pool's namespace with credentials for the image. Default:
	// none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(s, has(s.name) && s.name != '')",message="scheduling.imagePullSecrets: each needs the name of a Secret in the pool's namespace"
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
}

// ExecutorPoolStatus is the last observed state of a pool.
type ExecutorPoolStatus struct {
	// observedGeneration is the metadata.generation that this status describes.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of executor pods that exist.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// readyReplicas is the number of executor pods that are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// desiredReplicas is the number of executor pods that the controller requests now.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DesiredReplicas int32 `json:"desiredReplicas"`

	// slots is the number of submissions that the ready replicas can run at the same time.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Slots int32 `json:"slots"`

	// busySlots is the number of slots that ran a submission at the last sample. It can be some
	// seconds old.
	// +optional
	// +kubebuilder:validation:Minimum=0
	BusySlots int32 `json:"busySlots"`

	// queueDepth is the number of submissions that waited for a slot at the last sample. It can be
	// some seconds old; /metrics of each executor has the current number.
	// +optional
	// +kubebuilder:validation:Minimum=0
	QueueDepth int32 `json:"queueDepth"`

	// selector is the label selector of the pool's pods, in the form that the scale subresource gives
	// to autoscalers.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Selector string `json:"selector,omitempty"`

	// nextContest is the Contest of this pool that starts next. It is absent without a future contest.
	// +optional
	NextContest *NextContest `json:"nextContest,omitempty"`

	// lastScale is the last change of desiredReplicas. It is absent until the first change.
	// +optional
	LastScale *ScaleRecord `json:"lastScale,omitempty"`

	// conditions are Ready, Reconciling, Stalled, MetricsFresh, ScalingLimited, IsolationEnforced and,
	// while a rollout is held, RolloutHeld.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NextContest is the contest that starts next.
type NextContest struct {
	// name is the name of the Contest.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// startTime is the time at which the contest starts.
	// +required
	StartTime metav1.Time `json:"startTime,omitzero"`

	// replicas is the number of replicas that the contest holds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`
}

// ScaleRecord is one change of the desired replicas.
type ScaleRecord struct {
	// time is the time of the decision.
	// +required
	Time metav1.Time `json:"time"`

	// from is the number of replicas before the change.
	// +required
	// +kubebuilder:validation:Minimum=0
	From int32 `json:"from"`

	// to is the number of replicas after the change.
	// +required
	// +kubebuilder:validation:Minimum=0
	To int32 `json:"to"`

	// reason is the explanation of the decision.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
}
