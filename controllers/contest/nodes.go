package contest

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

// exceedsNodes returns the condition that the current nodes cannot hold the planned replicas. It is
// checked only while a plan is made: once replicas are held, the scheduler reports each pod that
// finds no node, which is more exact.
func exceedsNodes(next v1alpha1.ContestStatus, entry calendar.Contest, in Input) (metav1.Condition, bool) {
	if in.NodeHeadroom == nil {
		return metav1.Condition{}, false
	}
	heldByOthers := int32(calendar.HeldByOthers(entry, in.Others, in.Now))
	left := max(0, in.NodeHeadroom.Replicas-heldByOthers)
	if left >= next.Replicas {
		return metav1.Condition{}, false
	}
	others, why := "", fmt.Sprintf("%s can run pods of pool %s, limited by %s", plural(int32(in.NodeHeadroom.Eligible), "node"), in.Contest.Spec.PoolName, in.NodeHeadroom.Scarce)
	if heldByOthers > 0 {
		others = fmt.Sprintf(" beside %d of other contests", heldByOthers)
	}
	if in.NodeHeadroom.Eligible == 0 {
		why = fmt.Sprintf("No node can run pods of pool %s: no ready node matches spec.scheduling", in.Contest.Spec.PoolName)
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonExceedsNodes,
		"%s, and the current nodes can hold %d%s: %s. %s. Add nodes, plan fewer replicas, or allow a cluster autoscaler more time with a longer warmUpSeconds.",
		next.Sizing, left, others, servable(in, left), why), true
}
