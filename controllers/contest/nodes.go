package contest

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

// noNodes says that today's nodes do not have room for the planned replicas, as soon as that is known. It is asked only while
// a plan is made: once replicas are held, the scheduler's word about each pod is worth more than a count.
func noNodes(next v1alpha1.ContestStatus, entry calendar.Contest, in Input) (metav1.Condition, bool) {
	if in.Nodes == nil {
		return metav1.Condition{}, false
	}
	beside := int32(calendar.Beside(entry, in.Others, in.Now))
	left := max(0, in.Nodes.Replicas-beside)
	if left >= next.Replicas {
		return metav1.Condition{}, false
	}
	others, why := "", fmt.Sprintf("Of the nodes, %d take pods of pool %s, and what they lack is %s", in.Nodes.Eligible, in.Contest.Spec.PoolName, in.Nodes.Lacks)
	if beside > 0 {
		others = fmt.Sprintf(" beside the %d of other contests", beside)
	}
	if in.Nodes.Eligible == 0 {
		why = fmt.Sprintf("No node takes pods of pool %s: none that is ready has what its scheduling asks for", in.Contest.Spec.PoolName)
	}
	return condition(metav1.ConditionFalse, v1alpha1.ReasonExceedsNodes,
		"%s, and today's nodes have room for %d%s: %s. %s. Add nodes, ask for less, or let an autoscaler add them within a longer warmUpSeconds.",
		next.Sizing, left, others, served(in, left), why), true
}
