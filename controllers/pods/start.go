package pods

import (
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// maxStarts is the number of most recent pod starts of which the median is taken.
const maxStarts = 9

// MedianStart returns the median time from creation to readiness of the pods that became ready
// last; 0 without such a pod.
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
	var sorted []float64
	for _, s := range starts[:min(len(starts), maxStarts)] {
		sorted = append(sorted, float64(s.took))
	}
	slices.Sort(sorted)
	return time.Duration(stat.Quantile(0.5, stat.Empirical, sorted, nil))
}

// StartTime returns how long a pod took from its creation to its readiness, and when it became
// ready. ok is false for a pod that is not ready, and for one whose containers restarted, because
// the API server keeps only its last readiness.
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
	// Times in the API have a resolution of one second.
	took = max(at.Sub(pod.CreationTimestamp.Time), time.Second)
	return took, at, true
}

// StartTimes measures the start time of each pod once. It leaves out pods that this process did not
// see before they were ready.
type StartTimes struct {
	unready map[types.UID]bool
}

// Of returns the start times of the pods that became ready since the last call.
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
