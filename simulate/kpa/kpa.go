package kpa

import (
	"math"
	"time"

	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/trace"
)

const (
	// Period is the time between two decisions (tick-interval).
	Period = 2 * time.Second
	// stableWindow is stable-window. panicWindow is panic-window-percentage of it, 10 %.
	stableWindow = 60 * time.Second
	panicWindow  = stableWindow / 10
	// utilization is the desired share of the concurrency of a pod
	// (container-concurrency-target-percentage).
	utilization = 0.7
	// panicThreshold is the ratio of the pods that the panic window needs to the ready pods from which
	// the autoscaler is in panic mode (panic-threshold-percentage).
	panicThreshold = 2.0
	// maxScaleUpRate and maxScaleDownRate limit one decision: at most the ready pods x maxScaleUpRate,
	// at least the ready pods / maxScaleDownRate.
	maxScaleUpRate, maxScaleDownRate = 1000.0, 2.0
)

// KPA scales on concurrency.
type KPA struct {
	// Concurrency is the hard limit of a pod (containerConcurrency).
	Concurrency float64
	// Min and Max are min-scale and max-scale.
	Min, Max int

	samples  []sample
	panicked bool
	since    time.Duration // the last time at which the threshold was reached
	highest  int           // the highest number of pods in panic mode
	frozen   float64       // the last correct concurrency
}

// sample is the concurrency at one time.
type sample struct {
	at          time.Duration
	concurrency float64
}

// Period returns 2 s.
func (*KPA) Period() time.Duration { return Period }

// Replicas returns the desired pods. Without a metric it returns the current ones.
func (k *KPA) Replicas(v fleet.View) int {
	concurrency := float64(v.Waiting + v.Busy)
	switch v.Fault {
	case trace.Missing, trace.Garbage, trace.Halved:
		return v.SpecReplicas
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
		k.highest = max(k.highest, panicking, v.SpecReplicas)
		want = k.highest
	}
	return min(max(want, k.Min), k.Max)
}

// desired returns the concurrency divided by the target of a pod, within the rates.
func (k *KPA) desired(concurrency float64, ready int) int {
	want := math.Ceil(concurrency/(k.Concurrency*utilization) - 1e-9)
	most := math.Ceil(maxScaleUpRate * float64(ready))
	least := math.Floor(float64(ready) / maxScaleDownRate)
	return int(min(max(want, least), most))
}

// record adds a sample and drops those that are older than the stable window.
func (k *KPA) record(s sample) {
	k.samples = append(k.samples, s)
	for s.at-k.samples[0].at >= stableWindow {
		k.samples = k.samples[1:]
	}
}

// average returns the mean concurrency of the window.
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
