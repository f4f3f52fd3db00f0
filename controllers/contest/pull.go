package contest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// Pull is how far a pool's image has come.
type Pull struct {
	// On is on how many nodes it is, of Nodes that take the pool's pods. 0 of 0 is not known yet.
	On, Nodes int32
	// Placed are those of the placeholders that have a node.
	Placed, Placeholders int32
	// Fault is why it cannot be pulled somewhere, in sentences; empty where it can.
	Fault string
}

// early says what is known before the warm-up.
func early(in Input) metav1.Condition {
	const ahead = "status.warmUpTime is when the pool begins to grow."
	if in.Pull == nil || in.Pull.Fault == "" && in.Pull.Nodes == 0 {
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead, "It is too early to say; %s", ahead)
	}
	far := fmt.Sprintf("The pool's image is on %d of %s", in.Pull.On, count(in.Pull.Nodes, "node"))
	if in.Pull.Placeholders > 0 {
		far += fmt.Sprintf(", and %d of %s for the replicas to come have a node", in.Pull.Placed, count(in.Pull.Placeholders, "placeholder"))
	}
	switch {
	case in.Pull.Fault != "":
		return condition(metav1.ConditionFalse, v1alpha1.ReasonImagePull, "%s %s.", in.Pull.Fault, far)
	case in.Pull.On < in.Pull.Nodes:
		return condition(metav1.ConditionUnknown, v1alpha1.ReasonPullingImage, "%s; %s", far, ahead)
	}
	return condition(metav1.ConditionUnknown, v1alpha1.ReasonImagePulled, "%s; %s", far, ahead)
}

// Without takes out of quotas what so many pods use of them that are gone when the replicas come.
func Without(quotas []corev1.ResourceQuota, each corev1.ResourceRequirements, pods int32) {
	for i := range quotas {
		used := quotas[i].Status.Used.DeepCopy()
		for name, n := range used {
			if part := share(name, each); counted(name) && pods > 0 {
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
