package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// sampleAges is executorpool_sample_age_seconds. An age grows by itself, also when all that would set a gauge has stopped,
// so it is taken when it is scraped.
var sampleAges = ages{desc: prometheus.NewDesc("executorpool_sample_age_seconds",
	"Age of the last sample of the pool's replicas that held an answer.", poolLabels, nil), now: time.Now}

type ages struct {
	desc  *prometheus.Desc
	now   func() time.Time
	mu    sync.Mutex
	taken map[types.NamespacedName]time.Time
}

func (a *ages) set(pool types.NamespacedName, taken time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.taken == nil {
		a.taken = map[types.NamespacedName]time.Time{}
	}
	a.taken[pool] = taken
}

// Describe implements prometheus.Collector.
func (a *ages) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

// Collect implements prometheus.Collector.
func (a *ages) Collect(to chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for pool, taken := range a.taken {
		to <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, max(0, now.Sub(taken)).Seconds(), pool.Namespace, pool.Name)
	}
}

// DeletePartialMatch forgets the pool that both labels name.
func (a *ages) DeletePartialMatch(labels prometheus.Labels) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	pool := types.NamespacedName{Namespace: labels[labelNamespace], Name: labels[labelPool]}
	before := len(a.taken)
	delete(a.taken, pool)
	return before - len(a.taken)
}
