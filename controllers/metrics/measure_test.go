package metrics

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// countAndSum returns the number of observations of a histogram with one pool, and their sum.
func countAndSum(t *testing.T, h *prometheus.HistogramVec) (uint64, float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || len(families[0].GetMetric()) != 1 {
		t.Fatalf("%d families (error %v), want one with one series", len(families), err)
	}
	m := families[0].GetMetric()[0].GetHistogram()
	return m.GetSampleCount(), m.GetSampleSum()
}

func TestReactionMeasuredOncePerQueue(t *testing.T) {
	pool := types.NamespacedName{Namespace: "contests", Name: "reactions"}
	t.Cleanup(func() { Forget(pool) })
	var r Reactions
	r.Observe(pool, time.Time{}, noon)
	r.Observe(pool, noon, noon.Add(2*time.Second))
	r.Observe(pool, noon, noon.Add(9*time.Second))
	r.Observe(pool, noon.Add(time.Minute), noon.Add(61*time.Second))
	if n, sum := countAndSum(t, reactionSeconds); n != 2 || sum != 3 {
		t.Errorf("%d reactions of %v s in all, want 2 of 3 s", n, sum)
	}
}

func TestPodStartMeasuredOnce(t *testing.T) {
	pool := types.NamespacedName{Namespace: "contests", Name: "starts"}
	t.Cleanup(func() { Forget(pool) })
	pod := func(uid string, ready corev1.ConditionStatus) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid), CreationTimestamp: metav1.NewTime(noon)}}
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(noon.Add(7 * time.Second))}}
		return p
	}
	var p PodStarts
	// The first pod was ready before this process saw it.
	p.Observe(pool, []corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionFalse)})
	p.Observe(pool, []corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue)})
	p.Observe(pool, []corev1.Pod{pod("a", corev1.ConditionTrue), pod("b", corev1.ConditionTrue)})
	if n, sum := countAndSum(t, podStartSeconds); n != 1 || sum != 7 {
		t.Errorf("%d starts of %v s in all, want 1 of 7 s", n, sum)
	}
}
