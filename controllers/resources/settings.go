package resources

import (
	"fmt"
	"time"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/settings"
)

// Settings returns the settings of the pool's executors. This function is the only place where a
// field of the spec becomes a flag; the flags, the memory sum and the drain budget follow from its
// result.
func Settings(spec v1alpha1.ExecutorPoolSpec) settings.Settings {
	s := settings.Default()
	s.Listen = fmt.Sprintf(":%d", Port)
	s.Scratch = ScratchPath
	s.Workers = int64(spec.Workers)
	s.Threads = int64(spec.Threads)
	s.Timeout = time.Duration(spec.TimeoutSeconds) * time.Second
	s.QueueCapacity = int64(spec.Queue.Capacity)
	s.QueueWait = time.Duration(spec.Queue.MaxWaitSeconds) * time.Second
	s.CPUMillis = int64(spec.Limits.CPUMillis)
	s.MemoryMiB = int64(spec.Limits.MemoryMiB)
	s.OutputKiB = int64(spec.Limits.OutputKiB)
	s.Processes = int64(spec.Limits.Processes)
	s.DiskMiB = int64(spec.Limits.DiskMiB)
	s.RecycleAfter = int64(spec.RecycleAfter)
	s.MinimumTier = string(spec.Isolation.MinimumTier)
	return s
}
