package controllers

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
)

func TestMetricsKeepToConventions(t *testing.T) {
	registry := prometheus.NewRegistry()
	for _, g := range gauges {
		registry.MustRegister(g)
	}
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contests", Name: "demo"}}
	publish(pool, v1alpha1.ExecutorPoolStatus{DesiredReplicas: 3})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	forget(types.NamespacedName{Namespace: "contests", Name: "demo"})
	if count, err := testutil.GatherAndCount(registry); err != nil || count != 0 {
		t.Errorf("%d series (error %v) of a pool that is gone, want none", count, err)
	}
}
