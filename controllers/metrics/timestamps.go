package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// sampleAge is executorpool_sample_age_seconds. It keeps timestamps and computes ages at each
// scrape, so that an age grows even when nothing sets it.
var sampleAge = timestampGauge{desc: prometheus.NewDesc("executorpool_sample_age_seconds",
	"Age of the last sample of the pool's replicas with an answer.", poolLabels, nil), now: time.Now}

type timestampGauge struct {
	desc       *prometheus.Desc
	now        func() time.Time
	mu         sync.Mutex
	timestamps map[types.NamespacedName]time.Time
}

func (a *timestampGauge) set(pool types.NamespacedName, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timestamps == nil {
		a.timestamps = map[types.NamespacedName]time.Time{}
	}
	a.timestamps[pool] = at
}

// Describe implements prometheus.Collector.
func (a *timestampGauge) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

// Collect implements prometheus.Collector.
func (a *timestampGauge) Collect(to chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for pool, at := range a.timestamps {
		to <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, max(0, now.Sub(at)).Seconds(), pool.Namespace, pool.Name)
	}
}

// DeletePartialMatch ends the series of the pool that the labels name. It returns the number of
// series.
func (a *timestampGauge) DeletePartialMatch(labels prometheus.Labels) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	pool := types.NamespacedName{Namespace: labels[labelNamespace], Name: labels[labelPool]}
	before := len(a.timestamps)
	delete(a.timestamps, pool)
	return before - len(a.timestamps)
}
