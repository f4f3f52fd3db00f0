package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
)

const (
	labelNamespace = "namespace"
	labelPool      = "pool"
)

var poolLabels = []string{labelNamespace, labelPool}

func gauge(name, help string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "executorpool", Name: name, Help: help}, poolLabels)
}

func histogram(name, help string, buckets ...float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "executorpool", Name: name, Help: help, Buckets: buckets}, poolLabels)
}

// Metrics of each pool. Sampled values are as of the last sample; executors export current ones.
var (
	desiredGauge     = gauge("desired_replicas", "Desired replicas.")
	readyGauge       = gauge("ready_replicas", "Ready replicas.")
	slotsGauge       = gauge("slots", "Slots of the ready replicas.")
	busyGauge        = gauge("busy_slots", "Busy slots at the last sample.")
	queueGauge       = gauge("queue_depth", "Queue depth at the last sample.")
	oldestGauge      = gauge("queue_oldest_seconds", "Queue wait of the oldest queued submission at the last sample; 0 when none is queued.")
	ceilingGauge     = gauge("max_replicas", "scaling.maxReplicas; 0 when autoscaling is off.")
	targetGauge      = gauge("target_wait_seconds", "scaling.targetWaitSeconds.")
	freshGauge       = gauge("metrics_fresh", "1 while the condition MetricsFresh is not False.")
	limitedGauge     = gauge("scaling_limited", "1 while the condition ScalingLimited is True.")
	isolationGauge   = gauge("isolation_enforced", "1 while the condition IsolationEnforced is not False.")
	DecisionSeconds  = histogram("scaling_decision_seconds", "Time that one decision about replicas took.", 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
	reactionSeconds  = histogram("scale_up_reaction_seconds", "Time from the first sample with a queue to the write of more replicas.", 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)
	podStartSeconds  = histogram("pod_start_seconds", "Time from the creation of a pod to its readiness.", 1, 2, 5, 10, 20, 40, 80, 160, 320, 640)
	scaleEventsTotal = prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "executorpool", Name: "scale_events_total",
		Help: "Changes of the desired replicas, by direction (up or down) and by reason."}, append(poolLabels, "direction", "reason"))

	// vectors are the metrics with series of a pool. Forget ends them.
	vectors = []vector{desiredGauge, readyGauge, slotsGauge, busyGauge, queueGauge, oldestGauge, ceilingGauge, targetGauge,
		freshGauge, limitedGauge, isolationGauge, DecisionSeconds, reactionSeconds, podStartSeconds, scaleEventsTotal, &sampleAge}
)

type vector interface {
	prometheus.Collector
	DeletePartialMatch(prometheus.Labels) int
}

func init() {
	for _, v := range vectors {
		ctrlmetrics.Registry.MustRegister(v)
	}
}

// Publish sets the metrics from a pool's spec and status. PublishSample sets the sampled ones.
func Publish(pool *v1alpha1.ExecutorPool, s v1alpha1.ExecutorPoolStatus) {
	set := func(g *prometheus.GaugeVec, value float64) {
		g.WithLabelValues(pool.Namespace, pool.Name).Set(value)
	}
	set(desiredGauge, float64(s.DesiredReplicas))
	set(readyGauge, float64(s.ReadyReplicas))
	set(slotsGauge, float64(s.Slots))
	set(ceilingGauge, float64(pool.Spec.Scaling.MaxReplicas))
	set(targetGauge, float64(pool.Spec.Scaling.TargetWaitSeconds))
	set(freshGauge, boolValue(!meta.IsStatusConditionFalse(s.Conditions, v1alpha1.ConditionMetricsFresh)))
	set(limitedGauge, boolValue(meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionScalingLimited)))
	set(isolationGauge, boolValue(!meta.IsStatusConditionFalse(s.Conditions, v1alpha1.ConditionIsolationEnforced)))
}

// PublishSample sets the metrics from a sample: the time of its last answer, the busy slots, the
// queue depth, and the time for which the oldest submission has waited.
func PublishSample(pool types.NamespacedName, sampledAt time.Time, busy, waiting float64, oldest time.Duration) {
	if !sampledAt.IsZero() {
		sampleAge.set(pool, sampledAt)
	}
	for g, value := range map[*prometheus.GaugeVec]float64{busyGauge: busy, queueGauge: waiting, oldestGauge: oldest.Seconds()} {
		// Impossible values are not exported.
		if value >= 0 && !math.IsInf(value, 1) {
			g.WithLabelValues(pool.Namespace, pool.Name).Set(value)
		}
	}
}

func boolValue(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// CountScale counts a change of the desired replicas.
func CountScale(pool types.NamespacedName, from, to int32, cause autoscale.Cause) {
	direction := "up"
	if to < from {
		direction = "down"
	}
	scaleEventsTotal.WithLabelValues(pool.Namespace, pool.Name, direction, string(cause)).Inc()
}

// Forget ends the series of a pool.
func Forget(pool types.NamespacedName) {
	for _, v := range vectors {
		v.DeletePartialMatch(prometheus.Labels{labelNamespace: pool.Namespace, labelPool: pool.Name})
	}
}
