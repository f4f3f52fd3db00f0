package metrics

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
)

func TestMetricsKeepToConventions(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, v := range vectors {
		registry.MustRegister(v)
	}
	key := types.NamespacedName{Namespace: "contests", Name: "demo"}
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contests", Name: "demo"}}
	Publish(pool, v1alpha1.ExecutorPoolStatus{DesiredReplicas: 3})
	CountScale(key, 3, 13, autoscale.CauseLoad)
	sampleAge.set(key, time.Now())
	for _, h := range []*prometheus.HistogramVec{DecisionSeconds, reactionSeconds, podStartSeconds} {
		h.WithLabelValues(key.Namespace, key.Name).Observe(1)
	}
	PublishSample(key, time.Time{}, math.NaN(), 1, 0)
	if value := testutil.ToFloat64(queueGauge.WithLabelValues(key.Namespace, key.Name)); value != 1 {
		t.Errorf("queue depth %v, want 1", value)
	}
	PublishSample(key, time.Time{}, 5, math.Inf(1), 0)
	if families, err := registry.Gather(); err != nil || len(families) != len(vectors) {
		t.Errorf("%d metrics (error %v), want each of the %d", len(families), err, len(vectors))
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	Forget(key)
	if count, err := testutil.GatherAndCount(registry); err != nil || count != 0 {
		t.Errorf("%d series (error %v) of a pool that is gone, want none", count, err)
	}
}
