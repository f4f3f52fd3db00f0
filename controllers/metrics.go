package controllers

import (
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/api/v1alpha1"
)

var poolLabels = []string{"namespace", "pool"}

func gauge(name, help string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "executorpool", Name: name, Help: help}, poolLabels)
}

// Gauges of each pool, as its status has them. Executors export the same numbers to the second.
var (
	desiredGauge = gauge("desired_replicas", "Replicas the pool is to have.")
	readyGauge   = gauge("ready_replicas", "Replicas that serve.")
	slotsGauge   = gauge("slots", "Submissions the ready replicas can run at one time.")
	busyGauge    = gauge("busy_slots", "Slots that ran a submission at the last sampling.")
	queueGauge   = gauge("queue_depth", "Submissions that waited for a slot at the last sampling.")

	gauges = []*prometheus.GaugeVec{desiredGauge, readyGauge, slotsGauge, busyGauge, queueGauge}
)

func init() {
	for _, g := range gauges {
		metrics.Registry.MustRegister(g)
	}
}

func publish(pool *v1alpha1.ExecutorPool, s v1alpha1.ExecutorPoolStatus) {
	set := func(g *prometheus.GaugeVec, value int32) {
		g.WithLabelValues(pool.Namespace, pool.Name).Set(float64(value))
	}
	set(desiredGauge, s.DesiredReplicas)
	set(readyGauge, s.ReadyReplicas)
	set(slotsGauge, s.Slots)
	set(busyGauge, s.BusySlots)
	set(queueGauge, s.QueueDepth)
}

func forget(pool types.NamespacedName) {
	for _, g := range gauges {
		g.DeleteLabelValues(pool.Namespace, pool.Name)
	}
}
