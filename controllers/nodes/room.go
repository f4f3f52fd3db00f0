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
	"k8s.io/klog/v2" //nolint:depguard // the scheduler's rule takes a logger; it gets one that is empty
)

// Room is how many replicas of a pool nodes have room for.
type Room struct {
	// Replicas are those that hold a node and those that would find one.
	Replicas int32
	// Eligible is how many nodes would take one if there were room, Lacks what most of these run out of first; empty when
	// there are none.
	Eligible int
	Lacks    string
}

var one = *resource.NewQuantity(1, resource.DecimalSI)

// Room of a pod like this one, of which owner has some.
//
// Each node is floored by itself: two nodes with half a pod's memory left each have room for none.
func (c *Census) Room(pod *corev1.Pod, owner types.NamespacedName) Room {
	room := Room{Replicas: c.bound[owner]}
	need, required := requests(pod), nodeaffinity.GetRequiredNodeAffinity(pod)
	lacking := map[corev1.ResourceName]int{}
	for i := range c.nodes {
		n := &c.nodes[i]
		// A term that cannot be parsed matches no node; the API server lets none pass.
		if fits, err := required.Match(&n.is); err != nil || !fits || repels(n.is.Spec.Taints, pod.Spec.Tolerations) {
			continue
		}
		room.Eligible++
		more, lacks := fit(n.free, need)
		lacking[lacks]++
		room.Replicas = int32(min(int64(room.Replicas)+more, math.MaxInt32))
	}
	if room.Eligible > 0 {
		names := slices.Sorted(maps.Keys(lacking))
		room.Lacks = string(slices.MaxFunc(names, func(a, b corev1.ResourceName) int { return cmp.Compare(lacking[a], lacking[b]) }))
	}
	return room
}

// fit is how often need goes into free, and which resource says so.
func fit(free, need corev1.ResourceList) (times int64, lacks corev1.ResourceName) {
	times = math.MaxInt64
	for _, name := range slices.Sorted(maps.Keys(need)) {
		each := need[name]
		if each.Sign() <= 0 {
			continue
		}
		left := free[name]
		if n := max(0, left.MilliValue()/each.MilliValue()); n < times {
			times, lacks = n, name
		}
	}
	return times, lacks
}

// repels says whether one of a node's taints keeps a pod with these tolerations off it.
func repels(taints []corev1.Taint, tolerations []corev1.Toleration) bool {
	_, repelled := scheduling.FindMatchingUntoleratedTaint(klog.Logger{}, taints, tolerations, func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
	}, false)
	return repelled
}
