package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ScalingSpec configures the autoscaler of a pool. Without maxReplicas there is no autoscaling, and
// the pool has the requested replicas.
type ScalingSpec struct {
	// maxReplicas is the highest number of executor pods that the autoscaler sets. Default: absent,
	// which means no autoscaling. It bounds the autoscaler, not the admin: more requested replicas are
	// kept.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// targetWaitSeconds is the time in seconds for which a submission may wait for a slot. Default 5.
	// The autoscaler adds replicas, in one step, until the waiting submissions can be served in that
	// time.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	TargetWaitSeconds int32 `json:"targetWaitSeconds,omitempty"`

	// scaleDownStabilizationSeconds is the time in seconds for which fewer replicas must have been
	// enough before the autoscaler removes replicas. Default 300. The autoscaler keeps the highest
	// number that was needed in that time. A removed replica first answers every submission that it
	// has accepted.
	// +optional
	// +kubebuilder:default=300
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	ScaleDownStabilizationSeconds int32 `json:"scaleDownStabilizationSeconds,omitempty"`

	// hold is the direction in which the autoscaler may not scale: None, In (it removes no replica),
	// Out (it adds no replica) or Both. Default None. The controller still obeys replicas.
	// +optional
	// +kubebuilder:default=None
	Hold ScalingHold `json:"hold,omitempty"`

	// source is the origin of the number of waiting submissions. Default: the executors.
	// +optional
	// +kubebuilder:default={}
	Source ScalingSource `json:"source,omitzero"`
}

// ScalingHold is the direction in which the autoscaler may not scale.
//
// +kubebuilder:validation:Enum=None;In;Out;Both
type ScalingHold string

// The holds.
const (
	// HoldNone lets the autoscaler add and remove replicas.
	HoldNone ScalingHold = "None"
	// HoldIn keeps the autoscaler from removing replicas.
	HoldIn ScalingHold = "In"
	// HoldOut keeps the autoscaler from adding replicas.
	HoldOut ScalingHold = "Out"
	// HoldBoth keeps the autoscaler from adding and from removing replicas.
	HoldBoth ScalingHold = "Both"
)

// ScalingSource is the origin of the number of waiting submissions. Slots, busy slots and service
// times always come from the executors. Submissions that wait at the executors count even if the
// source reports fewer.
//
// +kubebuilder:validation:XValidation:rule="!has(self.type) || (self.type == 'Prometheus') == has(self.prometheus)",message="scaling.source.prometheus belongs to type Prometheus: give both or neither"
// +kubebuilder:validation:XValidation:rule="!has(self.type) || (self.type == 'External') == has(self.external)",message="scaling.source.external belongs to type External: give both or neither"
type ScalingSource struct {
	// type is Executors (the queues of the pool), Prometheus (a query) or External
	// (external.metrics.k8s.io, which a metrics adapter or KEDA serves). Default Executors.
	// +optional
	// +kubebuilder:default=Executors
	Type ScalingSourceType `json:"type,omitempty"`

	// prometheus is the query of type Prometheus. Default: absent.
	// +optional
	Prometheus *PrometheusSource `json:"prometheus,omitempty"`

	// external is the metric of type External. Default: absent.
	// +optional
	External *ExternalSource `json:"external,omitempty"`
}

// ScalingSourceType is the type of a source.
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

// PrometheusSource is a query that returns the number of waiting submissions.
type PrometheusSource struct {
	// address is the URL at which the manager reaches a Prometheus server, such as
	// http://prometheus.monitoring:9090. The manager connects to no loopback, link-local or reserved
	// address and not to itself, also where a name resolves to one, and it follows no redirect.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://[a-zA-Z0-9][-a-zA-Z0-9.]*(:[0-9]{1,5})?(/[-a-zA-Z0-9._~/]*)?$') || self.matches('^https?://\\\\[[0-9a-fA-F:]+\\\\](:[0-9]{1,5})?(/[-a-zA-Z0-9._~/]*)?$')",message="scaling.source.prometheus.address must be a URL such as http://prometheus.monitoring:9090, without user, query or fragment"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^https?://(([^/:]*[.])?localhost[.]?|0|(0|127|169[.]254)[.][0-9.]+|[[](0*:)*:?0*1?[]]|[[][0:]*:[fF]{4}:[0-9a-fA-F:]*[]]|[[][fF][eE][89abAB][0-9a-fA-F]:[0-9a-fA-F:]*[]])([:/].*)?$')",message="scaling.source.prometheus.address must not be a loopback, link-local or unspecified address: name a server of the cluster"
	Address string `json:"address,omitempty"`

	// query is a PromQL expression that returns one number, the submissions that wait now, such as
	// sum(gateway_queue_depth{pool="finals"}). The manager evaluates it every second, or one
	// evaluation after another where an evaluation takes longer.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Query string `json:"query,omitempty"`
}

// ExternalSource is a metric of external.metrics.k8s.io in the pool's namespace. The manager adds
// up its values.
type ExternalSource struct {
	// metric is the name of the metric.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9]([-a-zA-Z0-9_.:]*[a-zA-Z0-9])?$')",message="scaling.source.external.metric must be a metric's name such as queue_depth: letters, digits, '-', '_', '.' and ':'"
	Metric string `json:"metric,omitempty"`

	// selector is the label selector of the metric's series. Default: all series.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}
