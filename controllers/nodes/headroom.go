package nodes

import (
	"cmp"
	"maps"
	"math"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	scheduling "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2" //nolint:depguard // FindMatchingUntoleratedTaint takes a logger; it gets an empty one
)

// Headroom is the number of replicas of a pool that the nodes can hold.
type Headroom struct {
	// Replicas counts the replicas that have a node and those that would find one.
	Replicas int32
	// Eligible is the number of nodes that accept the pods of the pool. Scarce is the resource that
	// runs out first on most of them; empty when there are none.
	Eligible int
	Scarce   string
}

var one = *resource.NewQuantity(1, resource.DecimalSI)

// Headroom returns the headroom for pods like the given one. The existing replicas of the pool are
// included.
//
// Each node is rounded down by itself: two nodes that could each hold half a pod hold none.
func (c *Capacity) Headroom(pod *corev1.Pod, pool types.NamespacedName) Headroom {
	headroom := Headroom{Replicas: c.replicas[pool]}
	need, required := requests(pod), nodeaffinity.GetRequiredNodeAffinity(pod)
	scarcity := map[corev1.ResourceName]int{}
	for i := range c.nodes {
		n := &c.nodes[i]
		// The API server accepts no term that cannot be parsed.
		if fits, err := required.Match(&n.object); err != nil || !fits || isRepelled(n.object.Spec.Taints, pod.Spec.Tolerations) {
			continue
		}
		headroom.Eligible++
		more, scarce := fit(n.free, need)
		scarcity[scarce]++
		headroom.Replicas = int32(min(int64(headroom.Replicas)+more, math.MaxInt32))
	}
	if headroom.Eligible > 0 {
		names := slices.Sorted(maps.Keys(scarcity))
		headroom.Scarce = string(slices.MaxFunc(names, func(a, b corev1.ResourceName) int { return cmp.Compare(scarcity[a], scarcity[b]) }))
	}
	return headroom
}

// fit returns the number of times that need fits into free, and the resource that limits it.
func fit(free, need corev1.ResourceList) (times int64, scarce corev1.ResourceName) {
	times = math.MaxInt64
	for _, name := range slices.Sorted(maps.Keys(need)) {
		each := need[name]
		if each.Sign() <= 0 {
			continue
		}
		left := free[name]
		if n := max(0, left.MilliValue()/each.MilliValue()); n < times {
			times, scarce = n, name
		}
	}
	return times, scarce
}

// isRepelled reports whether a taint of a node keeps off pods with these tolerations.
func isRepelled(taints []corev1.Taint, tolerations []corev1.Toleration) bool {
	_, repelled := scheduling.FindMatchingUntoleratedTaint(klog.Logger{}, taints, tolerations, func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	}, false)
	return repelled
}
