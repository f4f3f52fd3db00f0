package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/api/v1alpha1"
)

const labelContest = "contest"

func contestGauge(name, help string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "executorpool", Name: name, Help: help},
		[]string{labelNamespace, labelPool, labelContest})
}

// Metrics of each contest that is not over.
var (
	prewarmedGauge    = contestGauge("contest_prewarmed", "1 while the condition Prewarmed is not False.")
	heldGauge         = contestGauge("contest_held_replicas", "Replicas that the contest holds now; 0 before its warm-up.")
	contestStartGauge = contestGauge("contest_start_timestamp_seconds", "spec.startTime as a Unix time.")

	contestSubmissionsGauge = contestGauge("contest_submissions", "Submissions that the pool has accepted during the contest, as of the last minute.")
	contestLostGauge        = contestGauge("contest_lost_submissions", "Submissions of the contest that a replica held when it ended unexpectedly; any other value than 0 is a fault.")

	contestVectors = []vector{prewarmedGauge, heldGauge, contestStartGauge, contestSubmissionsGauge, contestLostGauge}
)

func init() {
	for _, v := range contestVectors {
		ctrlmetrics.Registry.MustRegister(v)
	}
}

// PublishContest sets the metrics of a contest from its spec and its new status. It ends the series
// of a contest that is over.
func PublishContest(c *v1alpha1.Contest, s v1alpha1.ContestStatus) {
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.Name}
	holding := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionHolding)
	over := holding != nil && (holding.Reason == v1alpha1.ReasonFinished || holding.Reason == v1alpha1.ReasonCancelled)
	// A new contest may have the name of a deleted one and another pool.
	if over || c.Status.ObservedGeneration == 0 {
		ForgetContest(key)
	}
	if over {
		return
	}
	set := func(g *prometheus.GaugeVec, value float64) {
		g.WithLabelValues(c.Namespace, c.Spec.PoolName, c.Name).Set(value)
	}
	set(prewarmedGauge, boolValue(!meta.IsStatusConditionFalse(s.Conditions, v1alpha1.ConditionPrewarmed)))
	set(heldGauge, boolValue(meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionHolding))*float64(s.Replicas))
	set(contestStartGauge, float64(c.Spec.StartTime.Unix()))
	if s.Report != nil {
		set(contestSubmissionsGauge, float64(s.Report.Submissions))
		set(contestLostGauge, float64(s.Report.Lost))
	}
}

// ForgetContest ends the series of a contest.
func ForgetContest(contest types.NamespacedName) {
	for _, v := range contestVectors {
		v.DeletePartialMatch(prometheus.Labels{labelNamespace: contest.Namespace, labelContest: contest.Name})
	}
}
