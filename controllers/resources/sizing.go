package resources

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"executorpool.dev/api/v1alpha1"
)

// slotMilliCores is the CPU request of a slot, in thousandths of a core.
const slotMilliCores = 100

// Resources returns the requests and limits of the executor container. A value in spec.resources
// replaces the derived value of that resource:
//
//	limits.memory   = Memory().Total of the pool's Settings
//	requests.memory = Memory().Runs of the pool's Settings
//	requests.cpu    = 100m x slots
//
// With the defaults (4 workers x 2 threads): requests 800m and 2208 MiB, limit 6845 MiB.
//
// The memory limit allows all slots to use their ceiling at one time, or to compile. A compiler
// takes up to settings.CompileShareMiB whatever the ceiling of a run is, and one at a time takes up
// to settings.CompileMiB. At the memory limit the kernel kills the whole container
// (memory.oom.group, Kubernetes 1.28), so the limit must be above the sum of the limits of the
// runs. The scratch volume is in memory, so its pages count. The request is the sum of the ceilings
// of the runs: compilations, full disks and full queues rarely occur together.
//
// There is no CPU limit. With one the kernel would stop the whole container for the rest of a
// period once its slots have used the quota, and runs would exceed their wall time. The executor
// limits the CPU time of a run. The CPU request is small because a pool is idle for most of a
// contest; on a full node it is the weight of the replica against other pods.
//
// A derived request is never above the limit, and a derived limit never below the request.
func Resources(spec v1alpha1.ExecutorPoolSpec) corev1.ResourceRequirements {
	memory := Settings(spec).Memory()
	limits := corev1.ResourceList{corev1.ResourceMemory: mebibytes(memory.Total)}
	requests := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(slotMilliCores*Slots(spec), resource.DecimalSI),
		corev1.ResourceMemory: mebibytes(memory.Runs),
	}
	maps.Copy(limits, spec.Resources.Limits)
	maps.Copy(requests, spec.Resources.Requests)

	for name, request := range requests {
		limit, bounded := limits[name]
		if !bounded || request.Cmp(limit) <= 0 {
			continue
		}
		_, limitGiven := spec.Resources.Limits[name]
		_, requestGiven := spec.Resources.Requests[name]
		switch {
		case !requestGiven:
			requests[name] = limit
		case !limitGiven:
			limits[name] = request
		}
	}
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

func mebibytes(n int64) resource.Quantity {
	return *resource.NewQuantity(n<<20, resource.BinarySI)
}
