package controllers

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
	"executorpool.dev/controllers/sampling"
)

func TestMetricsKeepToConventions(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, v := range vectors {
		registry.MustRegister(v)
	}
	key := types.NamespacedName{Namespace: "contests", Name: "demo"}
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contests", Name: "demo"}}
	publish(pool, v1alpha1.ExecutorPoolStatus{DesiredReplicas: 3})
	countScale(key, 3, 13, autoscale.CauseLoad)
	sampleAges.set(key, time.Now())
	for _, h := range []*prometheus.HistogramVec{decisionSeconds, reactionSeconds, podStartSeconds} {
		h.WithLabelValues(key.Namespace, key.Name).Observe(1)
	}
	new(scaled).take(key, sampling.Reading{Sample: autoscale.Sample{Waiting: 1, Busy: math.NaN()}})
	if value := testutil.ToFloat64(queueGauge.WithLabelValues(key.Namespace, key.Name)); value != 1 {
		t.Errorf("queue depth %v, want 1", value)
	}
	new(scaled).take(key, sampling.Reading{Sample: autoscale.Sample{Busy: 5, Waiting: math.Inf(1)}})
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
	forget(key)
	if count, err := testutil.GatherAndCount(registry); err != nil || count != 0 {
		t.Errorf("%d series (error %v) of a pool that is gone, want none", count, err)
	}
}
