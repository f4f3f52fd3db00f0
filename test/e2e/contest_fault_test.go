package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"executorpool.dev/api/v1alpha1"
)

// TestContestFaultIsNamedInTime creates a contest on a pool that cannot become ready. The contest's
// condition must name the cause: days before the contest if the cause can be known then, else
// before half of the warm-up is over.
func TestContestFaultIsNamedInTime(t *testing.T) {
	const warmUp = 2 * time.Minute
	for name, tc := range map[string]struct {
		earlyReason, earlyWords string // empty: cannot be known before there are pods
		reason, words           string
		change                  func(*v1alpha1.ExecutorPoolSpec)
		pods                    string // the quota's limit on pods
	}{
		"bad image": {reason: v1alpha1.ReasonImagePull, words: "executorpool/nowhere:1",
			change: func(s *v1alpha1.ExecutorPoolSpec) { s.Image = "executorpool/nowhere:1" }},
		"isolation": {reason: v1alpha1.ReasonTierTooLow, words: "Namespaced",
			change: func(s *v1alpha1.ExecutorPoolSpec) { s.Isolation.MinimumTier = v1alpha1.TierNamespaced }},
		"quota": {earlyReason: v1alpha1.ReasonExceedsQuota, earlyWords: "quota team (pods) allows 1",
			reason: v1alpha1.ReasonPodCreation, words: "exceeded quota: team", pods: "1"},
		"no capacity": {earlyReason: v1alpha1.ReasonExceedsNodes, earlyWords: "nodes",
			reason: v1alpha1.ReasonUnschedulable, words: "Insufficient cpu",
			change: func(s *v1alpha1.ExecutorPoolSpec) { s.Resources.Requests[corev1.ResourceCPU] = quantity("900m") }},
	} {
		t.Run(name, func(t *testing.T) {
			ns := newNamespace(t)
			if tc.pods != "" {
				quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "team"},
					Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: quantity(tc.pods)}}}
				if err := k8s.Create(t.Context(), quota); err != nil {
					t.Fatalf("create quota: %v", err)
				}
			}
			newPool(t, ns, "demo", tc.change)
			if tc.pods != "" {
				// After this the quota counts the pool's pod, and the controller knows that this pod is the
				// pool's own.
				waitReady(t, ns, "demo")
			}
			contest := &v1alpha1.Contest{
				ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "finals"},
				Spec: v1alpha1.ContestSpec{PoolName: "demo", StartTime: metav1.NewTime(time.Now().Add(72 * time.Hour)), DurationSeconds: 60, Replicas: 3,
					WarmUpSeconds: ptr.To(int32(warmUp.Seconds()))},
			}
			if err := k8s.Create(t.Context(), contest); err != nil {
				t.Fatalf("create the contest: %v", err)
			}
			if tc.earlyReason != "" {
				waitNotPrewarmed(t, contest, noticed, tc.earlyReason, tc.earlyWords)
			}
			start := time.Now().Add(warmUp).Truncate(time.Second).UTC()
			kubectl(t, "-n", ns, "patch", "contest/finals", "--type=merge", "-p", fmt.Sprintf(`{"spec":{"startTime":%q}}`, start.Format(time.RFC3339)))
			waitNotPrewarmed(t, contest, time.Until(start.Add(-warmUp/2)), tc.reason, tc.words)
			t.Logf("the fault was reported %s before the start", time.Until(start).Round(time.Second))
		})
	}
}

func waitNotPrewarmed(t *testing.T, contest *v1alpha1.Contest, within time.Duration, reason, words string) {
	t.Helper()
	waitContest(t, contest, within, reason, func() bool {
		is := meta.FindStatusCondition(contest.Status.Conditions, v1alpha1.ConditionPrewarmed)
		return is != nil && is.Status == metav1.ConditionFalse && is.Reason == reason && strings.Contains(is.Message, words)
	})
	t.Logf("%s: %s", reason, meta.FindStatusCondition(contest.Status.Conditions, v1alpha1.ConditionPrewarmed).Message)
}
