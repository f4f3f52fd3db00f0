package envtest

import (
	"strings"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

func TestForeignObjectNeverTaken(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	foreign := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: namespace},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "other"}, Ports: []corev1.ServicePort{{Port: 80}}}}
	create(t, foreign)
	newPool(t, namespace, nil)
	message := eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNameTaken)
	if !strings.Contains(message, "Service "+namespace+"/demo") || !strings.Contains(message, "Delete or rename") {
		t.Errorf("message %q, want the object and the remedy", message)
	}
	now := &corev1.Service{}
	g.Expect(admin.Get(t.Context(), keyOf(namespace), now)).To(gomega.Succeed())
	g.Expect(now.ResourceVersion).To(gomega.Equal(foreign.ResourceVersion), "the foreign Service is as it was")
	var list appsv1.DeploymentList
	g.Expect(admin.List(t.Context(), &list)).To(gomega.Succeed())
	for _, d := range list.Items {
		g.Expect(d.Namespace).NotTo(gomega.Equal(namespace), "nothing else is made while a name is taken")
	}

	g.Expect(admin.Delete(t.Context(), foreign)).To(gomega.Succeed())
	// The manager does not watch foreign objects, so it finds the deletion with its next periodic
	// reconcile.
	g.Eventually(get(t, namespace, &appsv1.Deployment{})).WithTimeout(idle).ShouldNot(gomega.BeNil())
	rollOut(t, namespace, 1, 1)
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
}

func TestOrphansAdopted(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	create(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: namespace, Labels: map[string]string{
		"app.kubernetes.io/instance": poolName, "app.kubernetes.io/managed-by": "executorpool-controller"}}})
	pool := newPool(t, namespace, nil)
	g.Eventually(get(t, namespace, &corev1.ServiceAccount{})).Should(gomega.HaveField("GetOwnerReferences()", gomega.ConsistOf(gomega.HaveField("UID", pool.UID))))
}

// TestRefusedSpecTouchesNothing uses specs that the CRD accepts and that the API server rejects in
// a Deployment.
func TestRefusedSpecTouchesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ExecutorPoolSpec)
		word   string
	}{
		"toleration": {
			change: func(s *v1alpha1.ExecutorPoolSpec) {
				s.Scheduling.Tolerations = []corev1.Toleration{{Key: "contest", Operator: "Sometimes"}}
			},
			word: "tolerations",
		},
		"node selector": {
			change: func(s *v1alpha1.ExecutorPoolSpec) {
				s.Scheduling.NodeSelector = map[string]string{"zone": "not a label value"}
			},
			word: "a valid label",
		},
		"twice the same pull secret": {
			change: func(s *v1alpha1.ExecutorPoolSpec) {
				s.Scheduling.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "a"}, {Name: "a"}}
			},
			word: "imagePullSecrets",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			namespace, _ := readyPool(t)
			before := &appsv1.Deployment{}
			g.Expect(admin.Get(t.Context(), keyOf(namespace), before)).To(gomega.Succeed())
			modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) {
				tc.change(&p.Spec)
				p.Spec.Replicas = new(int32(3))
			})
			message := eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonApplyRefused)
			if !strings.Contains(message, tc.word) {
				t.Errorf("message %q, want %q in it", message, tc.word)
			}
			after := &appsv1.Deployment{}
			g.Expect(admin.Get(t.Context(), keyOf(namespace), after)).To(gomega.Succeed())
			g.Expect(after.ResourceVersion).To(gomega.Equal(before.ResourceVersion), "what runs is as it was")

			modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) { p.Spec.Scheduling = v1alpha1.SchedulingSpec{} })
			rollOut(t, namespace, 3, 3)
			eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
		})
	}
}
