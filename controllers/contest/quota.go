package contest

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// QuotaHeadroom is the number of replicas of the pool that a quota of its namespace allows. The
// existing ones are included.
type QuotaHeadroom struct {
	Replicas int32
	// Quota and Resource name the limit.
	Quota, Resource string
}

// quotaResources are the resources of a quota that podShare knows.
var quotaResources = []corev1.ResourceName{
	corev1.ResourcePods, "count/pods", corev1.ResourceCPU, corev1.ResourceRequestsCPU, corev1.ResourceMemory,
	corev1.ResourceRequestsMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
}

func isQuotaResource(name corev1.ResourceName) bool { return slices.Contains(quotaResources, name) }

// TightestQuota returns the headroom of the tightest quota for a pool with the given number of
// pods; nil when no quota limits it. need is the requirement of one pod. Quotas with scopes are
// left out: only the API server knows whether they count these pods.
func TightestQuota(quotas []corev1.ResourceQuota, need corev1.ResourceRequirements, pods int) *QuotaHeadroom {
	var tightest *QuotaHeadroom
	slices.SortFunc(quotas, func(a, b corev1.ResourceQuota) int { return cmp.Compare(a.Name, b.Name) })
	for _, quota := range quotas {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		for _, name := range quotaResources {
			hard, bounded := quota.Status.Hard[name]
			each := podShare(name, need)
			if !bounded || each.Sign() <= 0 {
				continue
			}
			left := hard.DeepCopy()
			left.Sub(quota.Status.Used[name])
			more := max(0, left.MilliValue()/each.MilliValue())
			if replicas := int32(min(int64(pods)+more, maxReplicas)); tightest == nil || replicas < tightest.Replicas {
				tightest = &QuotaHeadroom{Replicas: replicas, Quota: quota.Name, Resource: string(name)}
			}
		}
	}
	return tightest
}

// podShare returns the part of a quota's resource that one pod uses.
func podShare(name corev1.ResourceName, need corev1.ResourceRequirements) resource.Quantity {
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
