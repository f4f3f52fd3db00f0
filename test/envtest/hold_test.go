package envtest

import (
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// TestRolloutHeldDuringContest changes the pod template while a contest runs. The Deployment must
// be paused first and must still scale. It replaces the pods after the contest, or at once if the
// admin requests it.
func TestRolloutHeldDuringContest(t *testing.T) {
	namespace, _ := readyPool(t)
	c := newContest(t, namespace, "finals", -time.Minute, func(s *v1alpha1.ContestSpec) { s.Replicas = 3 })
	rollOut(t, namespace, 3, 3)
	eventuallyPaused(t, namespace, true)

	pool := &v1alpha1.ExecutorPool{}
	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Spec.TimeoutSeconds = 30 })
	stale(t, namespace, "--timeout=30s")
	eventuallyCondition(t, namespace, v1alpha1.ConditionRolloutHeld, metav1.ConditionTrue, v1alpha1.ReasonContestRunning)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
	scale(t, namespace, 5)
	eventuallyPaused(t, namespace, true)
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		g.Expect(*get(t, namespace, &appsv1.Deployment{})(g).Spec.Replicas).To(gomega.Equal(int32(5)))
	}).Should(gomega.Succeed())

	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Spec.Rollout.DuringContest = v1alpha1.RolloutProceed })
	eventuallyPaused(t, namespace, false)
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		conditions := get(t, namespace, pool)(g).Status.Conditions
		g.Expect(meta.FindStatusCondition(conditions, v1alpha1.ConditionRolloutHeld)).To(gomega.BeNil())
	}).Should(gomega.Succeed())

	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Spec.Rollout.DuringContest = v1alpha1.RolloutHold })
	eventuallyPaused(t, namespace, true)
	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.DurationSeconds = 1 })
	eventuallyPaused(t, namespace, false)
}

func eventuallyPaused(t *testing.T, namespace string, want bool) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		g.Expect(get(t, namespace, &appsv1.Deployment{})(g).Spec.Paused).To(gomega.Equal(want))
	}).Should(gomega.Succeed())
}

// stale waits until the pod template has the argument. It then writes the status of a paused
// Deployment that has no pod of the new template.
func stale(t *testing.T, namespace, argument string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		d := get(t, namespace, &appsv1.Deployment{})(g)
		g.Expect(d.Spec.Template.Spec.Containers[0].Args).To(gomega.ContainElement(argument))
		d.Status.ObservedGeneration, d.Status.UpdatedReplicas = d.Generation, 0
		g.Expect(admin.Status().Update(t.Context(), d)).To(gomega.Succeed())
	}).Should(gomega.Succeed())
}
