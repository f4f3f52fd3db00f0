package envtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/api/v1alpha1"
)

// idle is longer than the interval after which the manager reconciles a pool without an event.
const idle = 25 * time.Second

// touch changes the status of the pool's pod without a change of meaning, so that the pool is
// reconciled.
func touch(t *testing.T, namespace string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() error {
		var p corev1.Pod
		key := keyOf(namespace)
		key.Name = "demo-5d9c-a"
		if err := admin.Get(t.Context(), key, &p); err != nil {
			return err
		}
		p.Status.Message += "."
		return admin.Status().Update(t.Context(), &p)
	}).Should(gomega.Succeed())
}

// writes returns the API server's counts of write requests for all resources that the manager may
// write.
func writes(t *testing.T) map[string]float64 {
	t.Helper()
	clients := kubernetes.NewForConfigOrDie(adminConfig)
	raw, err := clients.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatalf("read the API server's metrics: %v", err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatalf("parse the API server's metrics: %v", err)
	}
	counts := map[string]float64{}
	for _, m := range families["apiserver_request_total"].GetMetric() {
		labels := map[string]string{}
		for _, pair := range m.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		switch labels["resource"] {
		case "deployments", "daemonsets", "jobs", "services", "serviceaccounts", "poddisruptionbudgets", "networkpolicies", "executorpools", "events":
		default:
			continue
		}
		switch labels["verb"] {
		case "APPLY", "PATCH", "POST", "PUT", "DELETE", "DELETECOLLECTION":
			counts[fmt.Sprintf("%s %s/%s", labels["verb"], labels["resource"], labels["subresource"])] += m.GetCounter().GetValue()
		}
	}
	if len(counts) == 0 {
		t.Fatal("the API server counted no write at all")
	}
	return counts
}

// reconciles returns the number of reconciles of pools in this process.
func reconciles(t *testing.T) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatalf("gather metrics: %v", err)
	}
	var count float64
	for _, family := range families {
		if family.GetName() == "controller_runtime_reconcile_total" {
			for _, m := range family.GetMetric() {
				count += m.GetCounter().GetValue()
			}
		}
	}
	return count
}

// fullSpec sets every field that the API server may normalize, so that the stored value differs
// from the one that was sent.
func fullSpec(s *v1alpha1.ExecutorPoolSpec) {
	s.Resources = v1alpha1.ContainerResources{
		Requests: corev1.ResourceList{"cpu": resource.MustParse("0.5"), "memory": resource.MustParse("1024Mi"), "ephemeral-storage": resource.MustParse("1e3")},
		Limits:   corev1.ResourceList{"cpu": resource.MustParse("2000m"), "memory": resource.MustParse("8192Mi")},
	}
	s.Scheduling = v1alpha1.SchedulingSpec{
		NodeSelector: map[string]string{"pool": "contest"},
		Tolerations:  []corev1.Toleration{{Key: "contest", Operator: corev1.TolerationOpExists}, {Key: "spot", Value: "true", Effect: "NoSchedule"}},
		Affinity: &corev1.Affinity{
			NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1,
				Preference: corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "disk", Operator: "In", Values: []string{"ssd"}}}}}}},
			PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 5,
				PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname", LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}}}},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}},
		PriorityClassName:         "contest",
		ImagePullSecrets:          []corev1.LocalObjectReference{{Name: "one"}, {Name: "two"}},
	}
	s.Isolation.RuntimeClassName = "gvisor"
}

func TestNothingWrittenWhenNothingChanges(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.ExecutorPoolSpec){
		"empty spec": func(s *v1alpha1.ExecutorPoolSpec) {},
		"full spec":  fullSpec,
		"empty affinity": func(s *v1alpha1.ExecutorPoolSpec) {
			s.Scheduling.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := gomega.NewWithT(t)
			namespace, _ := readyPool(t)
			modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) {
				p.Spec.Replicas = new(int32(2))
				change(&p.Spec)
			})
			rollOut(t, namespace, 2, 2)
			eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
			eventuallyEvent(t, namespace, "Ready", "")

			force := func(g gomega.Gomega) {
				began := reconciles(t)
				touch(t, namespace)
				g.Eventually(func() float64 { return reconciles(t) }).Should(gomega.BeNumerically(">", began))
			}
			// The status of pools from earlier tests may still change.
			var before map[string]float64
			g.Eventually(func(g gomega.Gomega) {
				before = writes(t)
				force(g)
				g.Expect(writes(t)).To(gomega.Equal(before))
			}).Should(gomega.Succeed())
			for range 10 {
				force(g)
			}
			g.Expect(writes(t)).To(gomega.Equal(before))
		})
	}
}
