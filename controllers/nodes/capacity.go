package nodes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/resource"
)

// Capacity is what the nodes of a cluster have left. The zero value has no nodes.
type Capacity struct {
	nodes []node
	// byName maps the name of a node that accepts pods to its index in nodes.
	byName map[string]int
	// replicas is the number of pods with a node, by the pool that they are replicas of.
	replicas map[types.NamespacedName]int32
	total    int
}

// node is a node that accepts pods.
type node struct {
	// object holds the fields of the node that scheduling rules read.
	object corev1.Node
	free   corev1.ResourceList
}

// AddNode adds a node. A node that is not ready or is cordoned accepts no pods.
func (c *Capacity) AddNode(n *corev1.Node) {
	c.total++
	if n.Spec.Unschedulable || !ready(n) {
		return
	}
	if c.byName == nil {
		c.byName = map[string]int{}
	}
	c.byName[n.Name] = len(c.nodes)
	slim := corev1.Node{Spec: corev1.NodeSpec{Taints: n.Spec.Taints}}
	slim.Name, slim.Labels = n.Name, n.Labels
	c.nodes = append(c.nodes, node{object: slim, free: n.Status.Allocatable.DeepCopy()})
}

// AddPod subtracts the requests of a pod from its node, which must have been added. pool is the
// pool that the pod is a replica of; the zero value means none. A pod that has ended or is being
// deleted takes nothing.
func (c *Capacity) AddPod(pod *corev1.Pod, pool types.NamespacedName) {
	if pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	if pool.Name != "" {
		if c.replicas == nil {
			c.replicas = map[types.NamespacedName]int32{}
		}
		c.replicas[pool]++
	}
	at, counted := c.byName[pod.Spec.NodeName]
	if !counted {
		return
	}
	free := c.nodes[at].free
	for name, need := range requests(pod) {
		left := free[name]
		left.Sub(need)
		free[name] = left
	}
}

// Nodes returns the number of nodes, including those that accept no pods.
func (c *Capacity) Nodes() int { return c.total }

// requests returns the requests of a pod. The pod itself counts as one of the pods that a node can
// have.
func requests(pod *corev1.Pod) corev1.ResourceList {
	list := resource.PodRequests(pod, resource.PodResourcesOptions{UseStatusResources: true})
	if list == nil {
		list = corev1.ResourceList{}
	}
	list[corev1.ResourcePods] = one
	return list
}

// ready reports whether the condition Ready of the node is true.
func ready(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
