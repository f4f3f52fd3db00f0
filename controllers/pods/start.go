package pods

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// remembered is how many of the pods that became ready last tell how long a pod takes.
const remembered = 9

// MedianStart is the median of the time from creation to ready of the pods that became ready last; 0 when there are none. A
// container that has restarted has become ready more than once, and its pod does not tell when first.
func MedianStart(pods []corev1.Pod) time.Duration {
	type start struct {
		at   time.Time
		took time.Duration
	}
	var starts []start
	for i := range pods {
		if took, at, ok := StartTime(&pods[i]); ok {
			starts = append(starts, start{at, took})
		}
	}
	if len(starts) == 0 {
		return 0
	}
	slices.SortFunc(starts, func(a, b start) int { return b.at.Compare(a.at) })
	starts = starts[:min(len(starts), remembered)]
	slices.SortFunc(starts, func(a, b start) int { return int(a.took - b.took) })
	return starts[len(starts)/2].took
}

// StartTime is how long a pod took from its creation to being ready, and when it was ready.
func StartTime(pod *corev1.Pod) (took time.Duration, at time.Time, ok bool) {
	if !Ready(pod) {
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

// StartTimes measures each pod's start once: those that this process has seen before they were ready.
type StartTimes struct {
	unready map[types.UID]bool
}

// Of gives the start times of pods that have become ready since the last call.
func (s *StartTimes) Of(pods []corev1.Pod) []time.Duration {
	unready := map[types.UID]bool{}
	var starts []time.Duration
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil {
			continue
		}
		if !Ready(pod) {
			unready[pod.UID] = true
			continue
		}
		if took, _, ok := StartTime(pod); ok && s.unready[pod.UID] {
			starts = append(starts, took)
		}
	}
	s.unready = unready
	return starts
}
