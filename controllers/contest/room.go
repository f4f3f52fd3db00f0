package contest

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Room is how many replicas of the pool a quota of its namespace lets there be, those that are there included.
type Room struct {
	Replicas int32
	// Quota and Resource name what bounds them.
	Quota, Resource string
}

// bounds are the resources of a quota by which pods are counted, those that share knows.
var bounds = []corev1.ResourceName{
	corev1.ResourcePods, "count/pods", corev1.ResourceCPU, corev1.ResourceRequestsCPU, corev1.ResourceMemory,
	corev1.ResourceRequestsMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
}

func counted(name corev1.ResourceName) bool { return slices.Contains(bounds, name) }

// RoomOf finds the tightest of a namespace's quotas for a pool that has pods, each of which needs so much; nil when none
// bounds it. Quotas that count only some pods (scopes) are left out: whether they count these is the API server's to say.
func RoomOf(quotas []corev1.ResourceQuota, need corev1.ResourceRequirements, pods int) *Room {
	var tightest *Room
	slices.SortFunc(quotas, func(a, b corev1.ResourceQuota) int { return cmp.Compare(a.Name, b.Name) })
	for _, quota := range quotas {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		for _, name := range bounds {
			hard, bounded := quota.Status.Hard[name]
			each := share(name, need)
			if !bounded || each.Sign() <= 0 {
				continue
			}
			left := hard.DeepCopy()
			left.Sub(quota.Status.Used[name])
			more := max(0, left.MilliValue()/each.MilliValue())
			if replicas := int32(min(int64(pods)+more, most)); tightest == nil || replicas < tightest.Replicas {
				tightest = &Room{Replicas: replicas, Quota: quota.Name, Resource: string(name)}
			}
		}
	}
	return tightest
}

// share is what one pod takes of a quota's resource.
func share(name corev1.ResourceName, need corev1.ResourceRequirements) resource.Quantity {
	switch name {
	case corev1.ResourcePods, "count/pods":
		return *resource.NewQuantity(1, resource.DecimalSI)
	case corev1.ResourceCPU, corev1.ResourceRequestsCPU:
		return need.Requests[corev1.ResourceCPU]
	case corev1.ResourceMemory, corev1.ResourceRequestsMemory:
		return need.Requests[corev1.ResourceMemory]
	case corev1.ResourceLimitsCPU:
		return need.Limits[corev1.ResourceCPU]
	}
	return need.Limits[corev1.ResourceMemory]
}
