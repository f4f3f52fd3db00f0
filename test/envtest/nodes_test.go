package envtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

// addNode creates a node as its kubelet reports it. change may change the node.
func addNode(ctx context.Context, name string, allocatable corev1.ResourceList, change func(*corev1.Node)) error {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	if change != nil {
		change(n)
	}
	if err := admin.Create(ctx, n); err != nil {
		return fmt.Errorf("create node %s: %w", name, err)
	}
	// The API server taints each new node until the node lifecycle controller finds the node ready.
	// That controller does not run here.
	n.Spec.Taints = nil
	if change != nil {
		change(n)
	}
	if err := admin.Update(ctx, n); err != nil {
		return fmt.Errorf("remove the taint of node %s: %w", name, err)
	}
	n.Status = corev1.NodeStatus{Allocatable: allocatable, Capacity: allocatable,
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}
	if err := admin.Status().Update(ctx, n); err != nil {
		return fmt.Errorf("write status of node %s: %w", name, err)
	}
	return nil
}

// newNode creates a node with 4 cores and 16 GiB for the pools that select its label.
func newNode(t *testing.T, name, label string, change func(*corev1.Node)) {
	t.Helper()
	err := addNode(t.Context(), name, corev1.ResourceList{"cpu": resource.MustParse("4"), "memory": resource.MustParse("16Gi"), "pods": resource.MustParse("110")}, func(n *corev1.Node) {
		n.Labels["pool"] = label
		if change != nil {
			change(n)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := admin.Delete(context.WithoutCancel(t.Context()), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			t.Errorf("delete node: %v", err)
		}
	})
}

// eventuallyPlanned makes the manager plan the contest again until the message of its condition
// Prewarmed begins with want. A change of nodes does not cause a new plan: the manager uses one
// count of the nodes for some time.
func eventuallyPlanned(t *testing.T, c *v1alpha1.Contest, want string) {
	t.Helper()
	limit := int32(100)
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		limit++
		patch := fmt.Sprintf(`{"spec":{"scaling":{"maxReplicas":%d}}}`, limit)
		pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: c.Namespace}}
		g.Expect(admin.Patch(t.Context(), pool, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(gomega.Succeed())
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)).To(gomega.Succeed())
		cond := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed)
		g.Expect(cond).NotTo(gomega.BeNil())
		g.Expect(cond.Reason + ": " + cond.Message).To(gomega.HavePrefix(want))
	}).Should(gomega.Succeed())
}

// TestContestReportsMissingNodeCapacity checks the condition of a contest that starts in days:
// first with too few nodes, then with enough, and then with other pods on the nodes.
func TestContestReportsMissingNodeCapacity(t *testing.T) {
	namespace := namespaceOf(t)
	tainted := func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "contest", Effect: corev1.TaintEffectNoSchedule}}
	}
	newNode(t, "lack-a", namespace, nil)
	newNode(t, "lack-b", namespace, tainted)
	newNode(t, "lack-c", namespace, func(n *corev1.Node) { n.Spec.Unschedulable = true })
	newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) { s.Scheduling.NodeSelector = map[string]string{"pool": namespace} })
	c := newContest(t, namespace, "finals", 240*time.Hour, nil)
	const sizing = "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"
	eventuallyPlanned(t, c, "ExceedsNodes: "+sizing+", and the current nodes can hold 5: these can serve 100 participants within the target; "+
		"with 200, 95 of 100 submissions of the burst wait up to ")
	if cond := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed); !strings.Contains(cond.Message, "1 node can run pods of pool demo, limited by cpu.") {
		t.Errorf("message %q does not name the missing resource", cond.Message)
	}
	eventuallyContestEvent(t, c, v1alpha1.ReasonExceedsNodes, sizing+", and the current nodes can hold 5")

	modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) {
		p.Spec.Scheduling.Tolerations = []corev1.Toleration{{Key: "contest", Operator: corev1.TolerationOpExists}}
	})
	eventuallyPlanned(t, c, "WarmUpAhead: ")

	other := namespaceOf(t)
	busy := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "busy", Namespace: other}, Spec: corev1.PodSpec{NodeName: "lack-b",
		Containers: []corev1.Container{{Name: "busy", Image: "busy", Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("2")}}}}}}
	create(t, busy)
	t.Cleanup(func() { remove(t, busy) })
	eventuallyPlanned(t, c, "ExceedsNodes: "+sizing+", and the current nodes can hold 7: these can serve 140 participants")
	newNode(t, "lack-d", namespace, nil)
	eventuallyPlanned(t, c, "WarmUpAhead: ")
}
