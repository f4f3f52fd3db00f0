package resources

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"executorpool.dev/api/v1alpha1"
)

// Constants of the formula in Resources, in MiB and thousandths of a core.
const (
	supervisorMiB  = 64
	workerMiB      = 24
	compileMiB     = 512
	scratchMiB     = 128
	bufferMiB      = 256
	slotMilliCores = 100
)

// Resources returns the requests and limits of the executor container. A value in spec.resources replaces
// the derived value of that resource:
//
//	overhead        = 64 MiB (supervisor) + 24 MiB x workers (worker processes)
//	buffer          = 256 MiB (requests that wait or run, see --buffer-mib)
//	scratch         = slots x diskMiB + 128 MiB (64 of them for the compile cache, see --cache-mib)
//	limits.memory   = overhead + buffer + scratch + slots x max(memoryMiB, 512 MiB)
//	requests.memory = overhead + slots x memoryMiB
//	requests.cpu    = 100m x slots
//
// The memory limit allows all slots to use their ceiling at one time, and to compile, which takes up to
// 512 MiB whatever the ceiling of a run is. At the memory limit the kernel kills the whole container
// (memory.oom.group, Kubernetes 1.28), so the limit must be above the sum of the limits of the runs. The
// scratch volume is in memory, so its pages count. The request is the sum of the ceilings of the runs:
// compilations, full disks and full queues rarely occur together.
//
// There is no CPU limit. With one the kernel would stop the whole container for the rest of a period
// once its slots have used the quota, and runs would exceed their wall time. The executor limits the CPU
// time of a run. The CPU request is small because a pool is idle for most of a contest; on a full node
// it is the weight of the replica against other pods.
//
// With the defaults (4 workers x 2 threads, 256 MiB, 64 MiB of disk): requests 800m and 160 + 2048 = 2208 MiB, limit
// 160 + 256 + 640 + 4096 = 5152 MiB.
//
// A derived request is never above the limit, and a derived limit never below the request.
func Resources(spec v1alpha1.ExecutorPoolSpec) corev1.ResourceRequirements {
	slots, workers := Slots(spec), int64(spec.Workers)
	memory, disk := int64(spec.Limits.MemoryMiB), int64(spec.Limits.DiskMiB)
	overhead := supervisorMiB + workerMiB*workers

	limits := corev1.ResourceList{
		corev1.ResourceMemory: mebibytes(overhead + bufferMiB + slots*disk + scratchMiB + slots*max(memory, compileMiB)),
	}
	requests := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(slotMilliCores*slots, resource.DecimalSI),
		corev1.ResourceMemory: mebibytes(overhead + slots*memory),
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

// ScratchSize returns the size of the scratch volume: diskMiB for each slot, plus the files of the
// executor itself.
func ScratchSize(spec v1alpha1.ExecutorPoolSpec) resource.Quantity {
	return mebibytes(Slots(spec)*int64(spec.Limits.DiskMiB) + scratchMiB)
}

func mebibytes(n int64) resource.Quantity {
	return *resource.NewQuantity(n<<20, resource.BinarySI)
}
