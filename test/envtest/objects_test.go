package envtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

func TestEmptySpecMakesEveryObject(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	pool := newPool(t, namespace, nil)
	for _, object := range []client.Object{&corev1.ServiceAccount{}, &corev1.Service{}, &appsv1.Deployment{}, &networkingv1.NetworkPolicy{}} {
		g.Eventually(get(t, namespace, object)).Should(gomega.HaveField("GetOwnerReferences()", gomega.HaveLen(1)))
		owner := object.GetOwnerReferences()[0]
		if diff := cmp.Diff(pool.UID, owner.UID); diff != "" || !*owner.Controller {
			t.Errorf("%T belongs to %+v", object, owner)
		}
	}
	if err := admin.Get(t.Context(), keyOf(namespace), &policyv1.PodDisruptionBudget{}); !apierrors.IsNotFound(err) {
		t.Errorf("budget of one replica: error %v, want not found", err)
	}
}

func TestSpecChangesReachPods(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	pool := newPool(t, namespace, nil)
	deployment := &appsv1.Deployment{}
	g.Eventually(get(t, namespace, deployment)).Should(gomega.HaveField("Spec.Template.Spec.Containers", gomega.HaveLen(1)))

	patch := `{"spec":{"replicas":4,"workers":2,"threads":3,"timeoutSeconds":20,"image":"registry.test/executor:2"}}`
	if err := admin.Patch(t.Context(), pool, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		t.Fatalf("patch pool: %v", err)
	}
	g.Eventually(get(t, namespace, deployment)).Should(gomega.And(
		gomega.HaveField("Spec.Replicas", gomega.HaveValue(gomega.BeEquivalentTo(4))),
		gomega.HaveField("Spec.Template.Spec.Containers", gomega.ConsistOf(gomega.And(
			gomega.HaveField("Image", "registry.test/executor:2"),
			gomega.HaveField("Args", gomega.ContainElements("--workers=2", "--threads=3", "--timeout=20s")),
		))),
	))
	g.Eventually(get(t, namespace, &policyv1.PodDisruptionBudget{})).ShouldNot(gomega.BeNil())
}

func TestScaleObeyed(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, _ := readyPool(t)
	pool := &v1alpha1.ExecutorPool{}
	scale(t, namespace, 10)
	g.Eventually(get(t, namespace, &appsv1.Deployment{})).Should(gomega.HaveField("Spec.Replicas", gomega.HaveValue(gomega.BeEquivalentTo(10))))
	g.Eventually(get(t, namespace, pool)).Should(gomega.And(
		gomega.HaveField("Status.DesiredReplicas", gomega.BeEquivalentTo(10)),
		gomega.HaveField("Status.LastScale", gomega.HaveValue(gomega.And(
			gomega.HaveField("From", gomega.BeEquivalentTo(1)), gomega.HaveField("To", gomega.BeEquivalentTo(10)), gomega.HaveField("Reason", "spec.replicas is 10"))))))
	eventuallyEvent(t, namespace, "ScaledUp", "Scaled from 1 to 10 replicas: spec.replicas is 10.")
	g.Eventually(get(t, namespace, &policyv1.PodDisruptionBudget{})).Should(
		gomega.HaveField("Spec.MaxUnavailable", gomega.HaveValue(gomega.Equal(intstr.FromString("25%")))))

	scale(t, namespace, 1)
	g.Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), keyOf(namespace), &policyv1.PodDisruptionBudget{}))
	}).Should(gomega.BeTrue(), "the budget of a pool with one replica is removed")
	eventuallyEvent(t, namespace, "ScaledDown", "Scaled from 10 to 1 replicas: spec.replicas is 1.")

	scale(t, namespace, 0)
	rollOut(t, namespace, 0, 0)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonScaledToZero)
}

// ignoreServer ignores the fields that the API server changes on each write.
var ignoreServer = cmp.FilterPath(func(p cmp.Path) bool {
	switch p.Last().String() {
	case ".ResourceVersion", ".Generation", ".ManagedFields", ".Annotations", ".Status":
		return true
	}
	return false
}, cmp.Ignore())

func TestDriftRepaired(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) { s.Replicas = new(int32(2)) })
	for name, tc := range map[string]struct {
		object client.Object
		edit   func(client.Object)
	}{
		"ServiceAccount": {
			object: &corev1.ServiceAccount{},
			edit:   func(o client.Object) { o.(*corev1.ServiceAccount).AutomountServiceAccountToken = new(true) },
		},
		"Service": {
			object: &corev1.Service{},
			edit:   func(o client.Object) { o.(*corev1.Service).Spec.Selector["app.kubernetes.io/instance"] = "other" },
		},
		"Deployment": {
			object: &appsv1.Deployment{},
			edit: func(o client.Object) {
				d := o.(*appsv1.Deployment)
				d.Spec.Replicas = new(int32(7))
				d.Spec.Template.Spec.Containers[0].Image = "registry.test/other:1"
			},
		},
		"NetworkPolicy": {
			object: &networkingv1.NetworkPolicy{},
			edit: func(o client.Object) {
				o.(*networkingv1.NetworkPolicy).Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			},
		},
		"egress": {
			object: &networkingv1.NetworkPolicy{},
			edit: func(o client.Object) {
				o.(*networkingv1.NetworkPolicy).Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
			},
		},
		"PodDisruptionBudget": {
			object: &policyv1.PodDisruptionBudget{},
			edit: func(o client.Object) {
				o.(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable = new(intstr.FromInt32(2))
			},
		},
		"label": {
			object: &corev1.Service{},
			edit:   func(o client.Object) { delete(o.GetLabels(), "app.kubernetes.io/managed-by") },
		},
		"owner": {
			object: &appsv1.Deployment{},
			edit:   func(o client.Object) { o.SetOwnerReferences(nil) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			g.Eventually(get(t, namespace, tc.object)).Should(gomega.HaveField("GetOwnerReferences()", gomega.HaveLen(1)))
			want := tc.object.DeepCopyObject().(client.Object)
			modify(t, namespace, tc.object, func(o client.Object) {
				tc.edit(o)
				o.SetAnnotations(map[string]string{"others": "stay"})
			})
			g.Eventually(func(g gomega.Gomega) {
				o := get(t, namespace, tc.object)(g)
				g.Expect(cmp.Diff(want, o, ignoreServer)).To(gomega.BeEmpty())
				g.Expect(o.GetAnnotations()).To(gomega.HaveKeyWithValue("others", "stay"))
			}).Should(gomega.Succeed())

			if err := admin.Delete(t.Context(), tc.object); err != nil {
				t.Fatalf("delete: %v", err)
			}
			g.Eventually(get(t, namespace, tc.object)).ShouldNot(gomega.HaveField("GetUID()", want.GetUID()))
		})
	}
}
