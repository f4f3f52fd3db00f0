// Package kpa is the algorithm of the Knative Pod Autoscaler with its default configuration, for the metric concurrency.
// It follows the public documentation (knative.dev/docs/serving/autoscaling: kpa-specific, concurrency; and the comments
// of the ConfigMap config-autoscaler) and is tested against its worked examples.
//
// Concurrency is what runs and what waits, as if Knative's activator held the queue.
package kpa

import (
	"math"
	"time"

	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/trace"
)

const (
	// Period is how often it looks.
	Period = 2 * time.Second
	// The stable window is 60 s, the panic window a tenth of it.
	stableWindow = 60 * time.Second
	panicWindow  = stableWindow / 10
	// utilization is the share of a pod's concurrency that it aims at, container-concurrency-target-percentage.
	utilization = 0.7
	// It panics when the panic window asks for so many times the ready pods.
	panicThreshold = 2.0
	// In one look it goes at most to so many times the ready pods, or to this part of them.
	maxScaleUpRate, maxScaleDownRate = 1000.0, 2.0
)

// KPA scales on concurrency.
type KPA struct {
	// Concurrency is the hard limit a pod.
	Concurrency float64
	Min, Max    int

	samples  []sample
	panicked bool
	since    time.Duration // when there was last a reason to panic
	highest  int           // while it panics
	frozen   float64
}

type sample struct {
	at          time.Duration
	concurrency float64
}

// Period is 2 s.
func (*KPA) Period() time.Duration { return Period }

// Replicas decides. Without a metric it does nothing.
func (k *KPA) Replicas(v fleet.View) int {
	concurrency := float64(v.Waiting + v.Busy)
	switch v.Fault {
	case trace.Missing, trace.Garbage, trace.Halved:
		return v.Written
	case trace.Frozen:
		concurrency = k.frozen
	case trace.Zero:
		concurrency = 0
	}
	k.frozen = concurrency
	k.record(sample{v.Now, concurrency})
	ready := max(v.Ready, 1)
	stable := k.desired(k.average(v.Now, stableWindow), ready)
	panicking := k.desired(k.average(v.Now, panicWindow), ready)

	if float64(panicking)/float64(ready) >= panicThreshold {
		k.panicked, k.since = true, v.Now
	} else if k.panicked && v.Now-k.since >= stableWindow {
		k.panicked, k.highest = false, 0
	}
	want := stable
	if k.panicked {
		k.highest = max(k.highest, panicking, v.Written)
		want = k.highest
	}
	return min(max(want, k.Min), k.Max)
}

// desired is the concurrency over the target a pod, within the rates.
func (k *KPA) desired(concurrency float64, ready int) int {
	want := math.Ceil(concurrency/(k.Concurrency*utilization) - 1e-9)
	most := math.Ceil(maxScaleUpRate * float64(ready))
	least := math.Floor(float64(ready) / maxScaleDownRate)
	return int(min(max(want, least), most))
}

func (k *KPA) record(s sample) {
	k.samples = append(k.samples, s)
	for s.at-k.samples[0].at >= stableWindow {
		k.samples = k.samples[1:]
	}
}

func (k *KPA) average(now, window time.Duration) float64 {
	sum, n := 0.0, 0
	for _, s := range k.samples {
		if now-s.at < window {
			sum += s.concurrency
			n++
		}
	}
	return sum / float64(max(n, 1))
}
