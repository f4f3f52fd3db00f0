package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// TestFaultIsNamedAndHeals causes each fault that an admin may cause. The pool's status must name
// the cause in time, and the pool must recover without further action after the fault is removed.
func TestFaultIsNamedAndHeals(t *testing.T) {
	for name, tc := range map[string]struct {
		reason     string
		words      string
		causeFault func(t *testing.T, ns string)
		repair     func(t *testing.T, ns string)
	}{
		"bad image": {
			reason: v1alpha1.ReasonImagePull, words: "executorpool/nowhere:1",
			causeFault: func(t *testing.T, ns string) {
				newPool(t, ns, "faulty", func(s *v1alpha1.ExecutorPoolSpec) { s.Image = "executorpool/nowhere:1" })
			},
			repair: func(t *testing.T, ns string) {
				kubectl(t, "-n", ns, "patch", "executorpool/faulty", "--type=json", "-p", `[{"op":"remove","path":"/spec/image"}]`)
			},
		},
		"quota": {
			reason: v1alpha1.ReasonPodCreation, words: "exceeded quota",
			causeFault: func(t *testing.T, ns string) {
				quota := &corev1.ResourceQuota{
					ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "no-pods"},
					Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: quantity("0")}},
				}
				if err := k8s.Create(t.Context(), quota); err != nil {
					t.Fatalf("create quota: %v", err)
				}
				newPool(t, ns, "faulty", nil)
			},
			repair: func(t *testing.T, ns string) { kubectl(t, "-n", ns, "delete", "resourcequota", "no-pods") },
		},
		"unschedulable": {
			reason: v1alpha1.ReasonUnschedulable, words: "node",
			causeFault: func(t *testing.T, ns string) {
				newPool(t, ns, "faulty", func(s *v1alpha1.ExecutorPoolSpec) {
					s.Scheduling.NodeSelector = map[string]string{"example.org/none-has-this": "true"}
				})
			},
			repair: func(t *testing.T, ns string) {
				kubectl(t, "-n", ns, "patch", "executorpool/faulty", "--type=merge", "-p", `{"spec":{"scheduling":{"nodeSelector":null}}}`)
			},
		},
		"tier": {
			reason: v1alpha1.ReasonTierTooLow, words: "Namespaced",
			causeFault: func(t *testing.T, ns string) {
				newPool(t, ns, "faulty", func(s *v1alpha1.ExecutorPoolSpec) { s.Isolation.MinimumTier = v1alpha1.TierNamespaced })
			},
			repair: func(t *testing.T, ns string) {
				kubectl(t, "-n", ns, "patch", "executorpool/faulty", "--type=merge", "-p", `{"spec":{"isolation":{"minimumTier":"Restricted"}}}`)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns := newNamespace(t)
			tc.causeFault(t, ns)
			pool := waitPool(t, ns, "faulty", noticed, "the fault in the conditions", func(p *v1alpha1.ExecutorPool) bool {
				ready := condition(p, v1alpha1.ConditionReady)
				return ready.Status == metav1.ConditionFalse && ready.Reason == tc.reason && strings.Contains(ready.Message, tc.words)
			})
			t.Logf("Ready: %s", condition(pool, v1alpha1.ConditionReady).Message)
			if out := kubectl(t, "-n", ns, "get", "executorpool", "faulty", "-o", "wide"); !strings.Contains(out, tc.reason) {
				t.Errorf("kubectl get does not show %s:\n%s", tc.reason, out)
			}
			if out := kubectl(t, "-n", ns, "describe", "executorpool", "faulty"); !strings.Contains(out, tc.words) {
				t.Errorf("kubectl describe does not show %q:\n%s", tc.words, out)
			}
			tc.repair(t, ns)
			waitReady(t, ns, "faulty")
		})
	}
}
