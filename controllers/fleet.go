package controllers

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/status"
)

// remembered is how many of the pods that became ready last tell how long a pod takes.
const remembered = 9

// fleetOf is what a decision about replicas rests on of what the cluster says. written is the Deployment's replicas.
func fleetOf(written int32, d *appsv1.Deployment, pods []corev1.Pod) autoscale.Fleet {
	fleet := autoscale.Fleet{SpecReplicas: written, PodStart: podStart(pods)}
	if d != nil {
		fleet.ReadyReplicas = d.Status.ReadyReplicas
	}
	return fleet
}

// podStart is the median of the time from creation to ready of the pods that became ready last; 0 when there are none. A
// container that has restarted has become ready more than once, and its pod does not tell when first.
func podStart(pods []corev1.Pod) time.Duration {
	type start struct {
		at   time.Time
		took time.Duration
	}
	var starts []start
	for i := range pods {
		if took, at, ok := startOf(&pods[i]); ok {
			starts = append(starts, start{at, took})
		}
	}
	if len(starts) == 0 {
		return 0
	}
	slices.SortFunc(starts, func(a, b start) int { return b.at.Compare(a.at) })
	var sorted []float64
	for _, s := range starts[:min(len(starts), remembered)] {
		sorted = append(sorted, float64(s.took))
	}
	slices.Sort(sorted)
	return time.Duration(stat.Quantile(0.5, stat.Empirical, sorted, nil))
}

func startOf(pod *corev1.Pod) (took time.Duration, at time.Time, ok bool) {
	if !status.Ready(pod) {
		return 0, time.Time{}, false
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.RestartCount > 0 {
			return 0, time.Time{}, false
		}
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			at = c.LastTransitionTime.Time
		}
	}
	// Times in objects are whole seconds.
	took = max(at.Sub(pod.CreationTimestamp.Time), time.Second)
	return took, at, true
}

// startTimes measures each pod's start once: those that this process has seen before they were ready.
type startTimes struct {
	unready map[types.UID]bool
}

// of gives the start times of pods that have become ready since the last call.
func (s *startTimes) of(pods []corev1.Pod) []time.Duration {
	unready := map[types.UID]bool{}
	var starts []time.Duration
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil {
			continue
		}
		if !status.Ready(pod) {
			unready[pod.UID] = true
			continue
		}
		if took, _, ok := startOf(pod); ok && s.unready[pod.UID] {
			starts = append(starts, took)
		}
	}
	s.unready = unready
	return starts
}
