package pool

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/controllers/status"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// replica returns a pod that was created the given number of seconds after noon.
func replica(name string, after int, ready corev1.ConditionStatus) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(time.Duration(after) * time.Second))}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: metav1.NewTime(noon.Add(time.Duration(after+7) * time.Second))}}
	return p
}

func TestIdleReplicasGoFirst(t *testing.T) {
	busy := func(n int32) status.ReplicaState { return status.ReplicaState{Answered: true, Slots: 8, Busy: n} }
	pods := []corev1.Pod{
		replica("old-idle", 0, corev1.ConditionTrue), replica("busy", 10, corev1.ConditionTrue), replica("young-idle", 20, corev1.ConditionTrue),
		replica("silent", 30, corev1.ConditionTrue), replica("starting", 40, corev1.ConditionFalse), replica("queueing", 50, corev1.ConditionTrue),
	}
	states := map[string]status.ReplicaState{"old-idle": busy(0), "busy": busy(3), "young-idle": busy(0),
		"queueing": {Answered: true, Slots: 8, Busy: 8, Queued: 40}}
	for remove, want := range []map[string]string{
		{},
		{"young-idle": "-2147483648"},
		{"young-idle": "-2147483648", "old-idle": "-2147483648"},
		{"young-idle": "-2147483648", "old-idle": "-2147483648", "busy": "-2147483645"},
		{"young-idle": "-2147483648", "old-idle": "-2147483648", "busy": "-2147483645", "queueing": "-2147483600"},
		{"young-idle": "-2147483648", "old-idle": "-2147483648", "busy": "-2147483645", "queueing": "-2147483600", "silent": "-2146435073"},
		{"young-idle": "-2147483648", "old-idle": "-2147483648", "busy": "-2147483645", "queueing": "-2147483600", "silent": "-2146435073"},
	} {
		t.Run(fmt.Sprint(remove), func(t *testing.T) {
			got := scaleDownCandidates(pods, states, remove)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, cost := range got {
				if p := (&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.PodDeletionCost: cost}}}); !hasOwnCost(p) {
					t.Errorf("the mark %s is not known as ours", cost)
				}
			}
		})
	}
}

func TestAdminsCostsAreTheirs(t *testing.T) {
	for _, cost := range []string{"", "0", "-1", "100", "-1000000", "2147483647", "low"} {
		if hasOwnCost(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.PodDeletionCost: cost}}}) {
			t.Errorf("the cost %q is taken for a mark of ours", cost)
		}
	}
}
