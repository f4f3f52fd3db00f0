package nodes

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

var demo = types.NamespacedName{Namespace: "contests", Name: "demo"}

func list(pairs ...string) corev1.ResourceList {
	l := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return l
}

// newNode returns a node with 4 cores, 16 GiB and 110 pods.
func newNode(name string, change func(*corev1.Node)) corev1.Node {
	n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"pool": "contest"}},
		Status: corev1.NodeStatus{Allocatable: list("cpu", "4", "memory", "16Gi", "pods", "110"),
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}}
	if change != nil {
		change(&n)
	}
	return n
}

// podOn returns a pod on the node with the given requests.
func podOn(node string, requests corev1.ResourceList, change func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: requests}}}}}
	if change != nil {
		change(&p)
	}
	return p
}

func TestHeadroomOfNodes(t *testing.T) {
	tainted := func(effect corev1.TaintEffect) func(*corev1.Node) {
		return func(n *corev1.Node) {
			n.Spec.Taints = []corev1.Taint{{Key: "contest", Value: "yes", Effect: effect}}
		}
	}
	ssd := &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "disk", Operator: "In", Values: []string{"ssd"}}}}}}}}
	for name, tc := range map[string]struct {
		nodes []corev1.Node
		pods  []corev1.Pod
		pod   func(*corev1.Pod)
		want  Headroom
	}{
		"no nodes":             {want: Headroom{}},
		"default replica":      {nodes: []corev1.Node{newNode("a", nil)}, want: Headroom{5, 1, "cpu"}},
		"each node by itself":  {nodes: []corev1.Node{newNode("a", nil), newNode("b", nil)}, want: Headroom{10, 2, "cpu"}},
		"memory":               {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Status.Allocatable["memory"] = resource.MustParse("7Gi") })}, want: Headroom{3, 1, "memory"}},
		"number of pods":       {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Status.Allocatable["pods"] = resource.MustParse("2") })}, want: Headroom{2, 1, "pods"}},
		"scarce on most nodes": {nodes: []corev1.Node{newNode("a", nil), newNode("b", nil), newNode("c", func(n *corev1.Node) { n.Status.Allocatable["memory"] = resource.MustParse("1Gi") })}, want: Headroom{10, 3, "cpu"}},
		"resource no node has": {nodes: []corev1.Node{newNode("a", nil)}, pod: func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests["ephemeral-storage"] = resource.MustParse("1Gi")
		}, want: Headroom{0, 1, "ephemeral-storage"}},
		"not ready":                   {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown })}, want: Headroom{}},
		"no conditions":               {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Status.Conditions = nil })}, want: Headroom{}},
		"cordoned":                    {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Spec.Unschedulable = true })}, want: Headroom{}},
		"tainted":                     {nodes: []corev1.Node{newNode("a", tainted("NoSchedule")), newNode("b", tainted("NoExecute"))}, want: Headroom{}},
		"taint PreferNoSchedule":      {nodes: []corev1.Node{newNode("a", tainted("PreferNoSchedule"))}, want: Headroom{5, 1, "cpu"}},
		"taint tolerated":             {nodes: []corev1.Node{newNode("a", tainted("NoSchedule"))}, pod: func(p *corev1.Pod) { p.Spec.Tolerations = []corev1.Toleration{{Key: "contest", Operator: "Exists"}} }, want: Headroom{5, 1, "cpu"}},
		"another taint tolerated":     {nodes: []corev1.Node{newNode("a", tainted("NoSchedule"))}, pod: func(p *corev1.Pod) { p.Spec.Tolerations = []corev1.Toleration{{Key: "contest", Value: "no"}} }, want: Headroom{}},
		"selected":                    {nodes: []corev1.Node{newNode("a", nil), newNode("b", func(n *corev1.Node) { n.Labels = nil })}, pod: func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"pool": "contest"} }, want: Headroom{5, 1, "cpu"}},
		"required affinity":           {nodes: []corev1.Node{newNode("a", nil), newNode("b", func(n *corev1.Node) { n.Labels["disk"] = "ssd" })}, pod: func(p *corev1.Pod) { p.Spec.Affinity = ssd }, want: Headroom{5, 1, "cpu"}},
		"pods of no pool":             {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{podOn("a", list("cpu", "1500m", "memory", "1Gi"), nil)}, want: Headroom{3, 1, "cpu"}},
		"a pod without requests":      {nodes: []corev1.Node{newNode("a", func(n *corev1.Node) { n.Status.Allocatable["pods"] = resource.MustParse("4") })}, pods: []corev1.Pod{podOn("a", nil, nil)}, want: Headroom{3, 1, "pods"}},
		"requests above the capacity": {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{podOn("a", list("cpu", "9"), nil)}, want: Headroom{0, 1, "cpu"}},
		"pods of other nodes": {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{podOn("b", list("cpu", "4"), nil), podOn("", list("cpu", "4"), nil)},
			want: Headroom{5, 1, "cpu"}},
		"ended and deleted pods": {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{
			podOn("a", list("cpu", "4"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
			podOn("a", list("cpu", "4"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }),
			podOn("a", list("cpu", "4"), func(p *corev1.Pod) { p.DeletionTimestamp = new(metav1.Now()) })}, want: Headroom{5, 1, "cpu"}},
		"an init container with higher requests": {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{podOn("a", list("cpu", "100m"), func(p *corev1.Pod) {
			p.Spec.InitContainers = []corev1.Container{{Resources: corev1.ResourceRequirements{Requests: list("cpu", "2")}}}
		})}, want: Headroom{2, 1, "cpu"}},
		"pods of the pool": {nodes: []corev1.Node{newNode("a", nil)}, pods: []corev1.Pod{
			podOn("a", list("cpu", "800m", "memory", "2208Mi"), labelReplica), podOn("gone", list("cpu", "800m"), labelReplica), podOn("", nil, labelReplica)}, want: Headroom{6, 1, "cpu"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, capacityOf(tc.nodes, tc.pods).Headroom(replica(tc.pod), demo)); diff != "" {
				t.Errorf("headroom (-want +got):\n%s", diff)
			}
		})
	}
}

// replica returns a pod with the size of a replica of the default pool.
func replica(change func(*corev1.Pod)) *corev1.Pod {
	p := podOn("", list("cpu", "800m", "memory", "2208Mi"), change)
	return &p
}

// labelReplica makes a pod a replica of demo.
func labelReplica(p *corev1.Pod) { p.Labels = map[string]string{"instance": "demo"} }

func capacityOf(nodes []corev1.Node, pods []corev1.Pod) *Capacity {
	c := &Capacity{}
	for i := range nodes {
		c.AddNode(&nodes[i])
	}
	for i := range pods {
		var owner types.NamespacedName
		if pods[i].Labels["instance"] == "demo" {
			owner = demo
		}
		c.AddPod(&pods[i], owner)
	}
	return c
}

// TestHeadroomIsWhatFits places replicas one by one until none fits, and compares their number with
// the headroom.
func TestHeadroomIsWhatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cluster []corev1.Node
		for i := range rapid.IntRange(1, 4).Draw(t, "nodes") {
			cluster = append(cluster, newNode(fmt.Sprint(i), func(n *corev1.Node) {
				n.Status.Allocatable = list("cpu", fmt.Sprintf("%dm", rapid.IntRange(0, 9000).Draw(t, "cpu")),
					"memory", fmt.Sprintf("%dMi", rapid.IntRange(0, 20000).Draw(t, "memory")), "pods", fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "pods")))
			}))
		}
		var pods []corev1.Pod
		for range rapid.IntRange(0, 6).Draw(t, "others") {
			pods = append(pods, podOn(fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "on")), list("cpu", fmt.Sprintf("%dm", rapid.IntRange(0, 3000).Draw(t, "held"))), nil))
		}
		headroom := capacityOf(cluster, pods).Headroom(replica(nil), demo)
		placed := int32(0)
		for _, n := range cluster {
			for {
				more := podOn(n.Name, replica(nil).Spec.Containers[0].Resources.Requests, labelReplica)
				c := capacityOf(cluster, append(pods, more))
				negative := false
				for _, left := range c.nodes[c.byName[n.Name]].free {
					negative = negative || left.Sign() < 0
				}
				if negative {
					break
				}
				pods = append(pods, more)
				placed++
			}
		}
		if headroom.Replicas != placed {
			t.Fatalf("headroom for %d, and %d could be placed", headroom.Replicas, placed)
		}
		if full := capacityOf(cluster, pods).Headroom(replica(nil), demo); full.Replicas != placed {
			t.Fatalf("headroom for %d of %d existing replicas", full.Replicas, placed)
		}
	})
}

// BenchmarkCapacity adds 1,000 nodes with 20 pods each, and computes the headroom of one pool.
func BenchmarkCapacity(b *testing.B) {
	var cluster []corev1.Node
	var pods []corev1.Pod
	for i := range 1000 {
		cluster = append(cluster, newNode(fmt.Sprint(i), nil))
		for range 20 {
			pods = append(pods, podOn(fmt.Sprint(i), list("cpu", "100m", "memory", "256Mi"), nil))
		}
	}
	for b.Loop() {
		if headroom := capacityOf(cluster, pods).Headroom(replica(nil), demo); headroom.Replicas != 2000 {
			b.Fatalf("headroom for %d, want 2000", headroom.Replicas)
		}
	}
}
