package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
)

func TestContestMetricsFollowStatus(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, v := range contestVectors {
		registry.MustRegister(v)
	}
	final := &v1alpha1.Contest{
		ObjectMeta: metav1.ObjectMeta{Namespace: "contests", Name: "final"},
		Spec:       v1alpha1.ContestSpec{PoolName: "demo", StartTime: metav1.NewTime(time.Unix(1_800_000_000, 0))},
	}
	status := func(holding metav1.ConditionStatus, reason string, prewarmed metav1.ConditionStatus) v1alpha1.ContestStatus {
		return v1alpha1.ContestStatus{Replicas: 10, Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionHolding, Status: holding, Reason: reason},
			{Type: v1alpha1.ConditionPrewarmed, Status: prewarmed},
		}}
	}
	// The steps change one contest. want holds the values of its metrics by name.
	steps := []struct {
		name   string
		change func()
		want   map[string]float64
	}{
		{"before the warm-up", func() { PublishContest(final, status("False", v1alpha1.ReasonScheduled, "Unknown")) },
			map[string]float64{"prewarmed": 1, "held_replicas": 0, "start_timestamp_seconds": 1_800_000_000}},
		{"warming up and late", func() { PublishContest(final, status("True", v1alpha1.ReasonWarmingUp, "False")) },
			map[string]float64{"prewarmed": 0, "held_replicas": 10, "start_timestamp_seconds": 1_800_000_000}},
		{"running", func() { PublishContest(final, status("True", v1alpha1.ReasonRunning, "True")) },
			map[string]float64{"prewarmed": 1, "held_replicas": 10, "start_timestamp_seconds": 1_800_000_000}},
		{"running and reported", func() {
			s := status("True", v1alpha1.ReasonRunning, "True")
			s.Report = &v1alpha1.ContestReport{Submissions: 200, Lost: 1}
			PublishContest(final, s)
		}, map[string]float64{"prewarmed": 1, "held_replicas": 10, "start_timestamp_seconds": 1_800_000_000, "submissions": 200, "lost_submissions": 1}},
		{"finished", func() { PublishContest(final, status("False", v1alpha1.ReasonFinished, "False")) }, nil},
		{"put on again", func() { PublishContest(final, status("True", v1alpha1.ReasonPaused, "True")) },
			map[string]float64{"prewarmed": 1, "held_replicas": 10, "start_timestamp_seconds": 1_800_000_000}},
		{"deleted unseen and created for another pool", func() {
			other := final.DeepCopy()
			other.Spec.PoolName = "other"
			PublishContest(other, status("False", v1alpha1.ReasonScheduled, "False"))
		}, map[string]float64{"prewarmed": 0, "held_replicas": 0, "start_timestamp_seconds": 1_800_000_000}},
		{"deleted", func() { ForgetContest(types.NamespacedName{Namespace: "contests", Name: "final"}) }, nil},
	}
	for _, step := range steps {
		step.change()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			if len(f.GetMetric()) != 1 {
				t.Errorf("%s: %d series of %s, want 1", step.name, len(f.GetMetric()), f.GetName())
			}
			got[strings.TrimPrefix(f.GetName(), "executorpool_contest_")] = f.GetMetric()[0].GetGauge().GetValue()
		}
		if len(got) != len(step.want) {
			t.Errorf("%s: metrics %v, want %v", step.name, got, step.want)
		}
		for name, want := range step.want {
			if got[name] != want {
				t.Errorf("%s: %s is %g, want %g", step.name, name, got[name], want)
			}
		}
		problems, err := testutil.GatherAndLint(registry)
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: lint says %v (error %v)", step.name, problems, err)
		}
	}
}
