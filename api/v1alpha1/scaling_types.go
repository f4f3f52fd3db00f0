package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ScalingSpec says how far and how fast the pool scales itself. Without maxReplicas it does not, and the pool has the
// replicas that are asked for.
type ScalingSpec struct {
	// maxReplicas is the number of executor pods up to which the pool scales itself by its queue. Default: absent, no
	// autoscaling. It bounds the autoscaler, not the admin: with more replicas asked for, those are kept.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// targetWaitSeconds is how long in seconds a submission may wait for a slot; replicas are added, in one step, until
	// what waits can be served in that time. Default 5.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TargetWaitSeconds int32 `json:"targetWaitSeconds,omitempty"`

	// scaleDownStabilizationSeconds is how long in seconds fewer replicas must have been enough before any is removed; then
	// as many stay as were needed at most in that time. Default 300. Those that go answer first what they have accepted.
	// +optional
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	ScaleDownStabilizationSeconds int32 `json:"scaleDownStabilizationSeconds,omitempty"`

	// hold names the directions in which the autoscaler may not move: None, In (it removes no replica), Out (it adds none)
	// or Both. Default None. Replicas that are asked for are obeyed all the same.
	// +optional
	// +kubebuilder:default=None
	Hold ScalingHold `json:"hold,omitempty"`

	// source is where the number of waiting submissions comes from.
	// +optional
	// +kubebuilder:default={}
	Source ScalingSource `json:"source,omitzero"`
}

// ScalingHold names directions in which the autoscaler may not move.
//
// +kubebuilder:validation:Enum=None;In;Out;Both
type ScalingHold string

// The holds.
const (
	// HoldNone lets the autoscaler move both ways.
	HoldNone ScalingHold = "None"
	// HoldIn keeps it from removing replicas.
	HoldIn ScalingHold = "In"
	// HoldOut keeps it from adding replicas.
	HoldOut ScalingHold = "Out"
	// HoldBoth keeps it from doing either.
	HoldBoth ScalingHold = "Both"
)

// ScalingSource is where the number of waiting submissions comes from. Slots, busy slots and run times are always the
// executors' own, and what waits at the executors counts even if the source says less.
//
// +kubebuilder:validation:XValidation:rule="!has(self.type) || (self.type == 'Prometheus') == has(self.prometheus)",message="scaling.source.prometheus belongs to type Prometheus: give both or neither"
// +kubebuilder:validation:XValidation:rule="!has(self.type) || (self.type == 'External') == has(self.external)",message="scaling.source.external belongs to type External: give both or neither"
type ScalingSource struct {
	// type is Executors (the pool's own queues), Prometheus (a query) or External (external.metrics.k8s.io, which a metrics
	// adapter or KEDA serves). Default Executors.
	// +optional
	// +kubebuilder:default=Executors
	Type ScalingSourceType `json:"type,omitempty"`

	// prometheus is the query of type Prometheus.
	// +optional
	Prometheus *PrometheusSource `json:"prometheus,omitempty"`

	// external is the metric of type External.
	// +optional
	External *ExternalSource `json:"external,omitempty"`
}

// ScalingSourceType names a source.
//
// +kubebuilder:validation:Enum=Executors;Prometheus;External
type ScalingSourceType string

// The sources.
const (
	// SourceExecutors asks the pool's executors.
	SourceExecutors ScalingSourceType = "Executors"
	// SourcePrometheus queries a Prometheus server.
	SourcePrometheus ScalingSourceType = "Prometheus"
	// SourceExternal asks the API server for an external metric.
	SourceExternal ScalingSourceType = "External"
)

// PrometheusSource is a query that gives the number of waiting submissions.
type PrometheusSource struct {
	// address is the URL of a Prometheus server as the manager reaches it, such as http://prometheus.monitoring:9090.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-zA-Z0-9][-a-zA-Z0-9.]*(:[0-9]{1,5})?(/[-a-zA-Z0-9._~/]*)?$') || self.matches('^https?://\\\\[[0-9a-fA-F:]+\\\\](:[0-9]{1,5})?(/[-a-zA-Z0-9._~/]*)?$')",message="scaling.source.prometheus.address must be a URL such as http://prometheus.monitoring:9090, without user, query or fragment"
	Address string `json:"address,omitempty"`

	// query is PromQL that gives one number, the submissions that wait now, such as
	// sum(gateway_queue_depth{pool="finals"}). It is evaluated every second or, if that takes longer, one after another.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Query string `json:"query,omitempty"`
}

// ExternalSource is a metric of external.metrics.k8s.io in the pool's namespace; its values are added up.
type ExternalSource struct {
	// metric is the name of the metric.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9]([-a-zA-Z0-9_.:]*[a-zA-Z0-9])?$')",message="scaling.source.external.metric must be a metric's name such as queue_depth: letters, digits, '-', '_', '.' and ':'"
	Metric string `json:"metric,omitempty"`

	// selector selects the metric's series by labels. Default: all.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}
