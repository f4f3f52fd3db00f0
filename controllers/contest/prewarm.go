package contest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// Prewarm is the progress of the preparation of the nodes before the warm-up.
type Prewarm struct {
	// NodesWithImage is the number of nodes that have the image, of Nodes that accept the pool's
	// pods. 0 of 0 means unknown.
	NodesWithImage, Nodes int32
	// PlacedPlaceholders is the number of placeholders with a node.
	PlacedPlaceholders, Placeholders int32
	// Fault is why a node cannot pull the image, in sentences; empty when there is no fault.
	Fault string
}

// beforeWarmUp returns the condition Prewarmed before the warm-up.
func beforeWarmUp(in Input) metav1.Condition {
	const warmUpNote = "the replicas start at status.warmUpTime."
	if in.Prewarm == nil || in.Prewarm.Fault == "" && in.Prewarm.Nodes == 0 {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "The warm-up has not begun; %s", warmUpNote)
	}
	progress := fmt.Sprintf("The pool's image is on %d of %s", in.Prewarm.NodesWithImage, plural(in.Prewarm.Nodes, "node"))
	if in.Prewarm.Placeholders > 0 {
		progress += fmt.Sprintf(", and %d of %s for the coming replicas have a node", in.Prewarm.PlacedPlaceholders, plural(in.Prewarm.Placeholders, "placeholder"))
	}
	switch {
	case in.Prewarm.Fault != "":
		return condition(metav1.ConditionFalse, v1alpha1.ReasonImagePull, "%s %s.", in.Prewarm.Fault, progress)
	case in.Prewarm.NodesWithImage < in.Prewarm.Nodes:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonPullingImage, "%s; %s", progress, warmUpNote)
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonImagePulled, "%s; %s", progress, warmUpNote)
}

// ReleaseFromQuotas subtracts from the usage of quotas the given number of pods, which will be gone
// when the replicas are created.
func ReleaseFromQuotas(quotas []corev1.ResourceQuota, each corev1.ResourceRequirements, pods int32) {
	for i := range quotas {
		used := quotas[i].Status.Used.DeepCopy()
		for name, n := range used {
			if part := podShare(name, each); isQuotaResource(name) && pods > 0 {
				part.Mul(int64(pods))
				n.Sub(part)
				if n.Sign() < 0 {
					n = *resource.NewQuantity(0, n.Format)
				}
				used[name] = n
			}
		}
		quotas[i].Status.Used = used
	}
}
