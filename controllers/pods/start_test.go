package pods

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// readyPod returns a pod that was created the given number of seconds after noon.
func readyPod(name string, after int) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(after) * time.Second))}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return p
}

func TestPodStartIsMedianOfTheLast(t *testing.T) {
	var pods []corev1.Pod
	if got := MedianStart(pods); got != 0 {
		t.Errorf("start of no pod: %v", got)
	}
	for i := range 12 {
		p := readyPod(fmt.Sprint(i), i*100)
		took := time.Duration(5) * time.Second
		if i < 3 {
			took = time.Minute // an early start, with the image pull
		}
		p.Status.Conditions[0].LastTransitionTime = metav1.NewTime(p.CreationTimestamp.Add(took))
		pods = append(pods, p)
	}
	pods[11].Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}}
	pods[11].Status.Conditions[0].LastTransitionTime = metav1.NewTime(noon.Add(time.Hour))
	if got := MedianStart(pods); got != 5*time.Second {
		t.Errorf("pods start in %v, want 5 s", got)
	}
}
