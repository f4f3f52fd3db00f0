package nodes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/component-helpers/resource"
)

// Census is what a cluster's nodes have left. The zero value has no nodes.
type Census struct {
	nodes []node
	// byName finds nodes that take pods.
	byName map[string]int
	// bound are the pods that hold a node, by what owner says of them.
	bound map[types.NamespacedName]int32
	known int
}

// node is one that takes pods.
type node struct {
	// is has of the node what scheduling rules look at.
	is   corev1.Node
	free corev1.ResourceList
}

// AddNode counts a node in if it takes pods at all: it is ready and not cordoned.
func (c *Census) AddNode(n *corev1.Node) {
	c.known++
	if n.Spec.Unschedulable || !ready(n) {
		return
	}
	if c.byName == nil {
		c.byName = map[string]int{}
	}
	c.byName[n.Name] = len(c.nodes)
	slim := corev1.Node{Spec: corev1.NodeSpec{Taints: n.Spec.Taints}}
	slim.Name, slim.Labels = n.Name, n.Labels
	c.nodes = append(c.nodes, node{is: slim, free: n.Status.Allocatable.DeepCopy()})
}

// AddPod takes what a pod holds off its node, which is to be there already. owner names the pool whose replica it is; the
// zero value is nobody's. A pod that has ended holds nothing, and one that is ending soon will not.
func (c *Census) AddPod(pod *corev1.Pod, owner types.NamespacedName) {
	if pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	if owner.Name != "" {
		if c.bound == nil {
			c.bound = map[types.NamespacedName]int32{}
		}
		c.bound[owner]++
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

// Known is how many nodes there are, those that take no pods included.
func (c *Census) Known() int { return c.known }

// requests is what a pod takes of a node, itself as one of the pods the node can have.
func requests(pod *corev1.Pod) corev1.ResourceList {
	list := resource.PodRequests(pod, resource.PodResourcesOptions{UseStatusResources: true})
	if list == nil {
		list = corev1.ResourceList{}
	}
	list[corev1.ResourcePods] = one
	return list
}

func ready(n *corev1.Node) bool {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
