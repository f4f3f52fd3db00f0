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

// Resources are the requests and limits of the executor container. What spec.resources gives replaces that one value;
// the rest is derived:
//
//	overhead        = 64 MiB (supervisor) + 24 MiB x workers (worker processes)
//	buffer          = 256 MiB (the executor's bound on requests that wait or run)
//	scratch         = slots x diskMiB + 128 MiB (64 of them for the compile cache, see --cache-mib)
//	limits.memory   = overhead + buffer + scratch + slots x max(memoryMiB, 512 MiB)
//	requests.memory = overhead + slots x memoryMiB
//	requests.cpu    = 100m x slots
//
// The memory limit lets every slot use its whole ceiling at once, and lets it be a compiler, which wants 512 MiB whatever
// a run may have: at the limit the kernel kills the container with all its slots (memory.oom.group, Kubernetes 1.28),
// so it must lie beyond what the runs' own limits allow. The scratch volume is in memory and its pages count too.
// The request is what the runs may use at one time; compilers, full disks and full queues rarely meet.
//
// There is no CPU limit: the kernel would stop the whole container for the rest of a period once its slots used the
// quota up, and a program that would have ended in time elsewhere would get TimeLimit by wall time. CPU time of a run is
// bounded by the executor. The CPU request is small because most of a contest is waiting; it is the weight that a
// replica has against its neighbours when the node is full.
//
// With the defaults (4 workers x 2 threads, 256 MiB, 64 MiB of disk): requests 800m and 160 + 2048 = 2208 MiB, limit
// 160 + 256 + 640 + 4096 = 5152 MiB.
//
// A derived request never exceeds the limit, nor a derived limit fall below the request.
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

// ScratchSize bounds the scratch volume: what every slot may write at once, and room for the executor's own files.
func ScratchSize(spec v1alpha1.ExecutorPoolSpec) resource.Quantity {
	return mebibytes(Slots(spec)*int64(spec.Limits.DiskMiB) + scratchMiB)
}

func mebibytes(n int64) resource.Quantity {
	return *resource.NewQuantity(n<<20, resource.BinarySI)
}
