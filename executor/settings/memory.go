package settings

// Parts of Memory in MiB that no setting changes.
const (
	supervisorMiB = 64
	workerMiB     = 24
	// scratchMiB is for the executor's own files in the scratch directory, besides the compile cache.
	scratchMiB = 64
)

// Bounds of a compiler, whatever the ceilings of a run are. No limit of the language table may be
// higher.
const (
	// CompileMiB is the highest memory limit of a compiler.
	CompileMiB = 1024
	// CompileShareMiB is the memory that each slot has for its compiler. The executor has the rest,
	// CompileMiB - CompileShareMiB, once: one compiler at a time may use more than its share.
	CompileShareMiB = 512
)

// Memory is the memory that an executor needs, in MiB.
type Memory struct {
	// Scratch is the size of the scratch directory. In a pod it is in memory.
	Scratch int64
	// Runs is what the executor and the runs of all slots use, without compilers, files and queued
	// requests.
	Runs int64
	// Total is what the executor uses if all slots compile or use their ceiling, one compiler uses
	// CompileMiB, the scratch directory is full and the queue is full at one time.
	Total int64
}

// Slots returns the number of submissions that run at one time.
func (s Settings) Slots() int64 { return s.Workers * s.Threads }

// Memory returns the memory sum:
//
//	overhead = 64 MiB (supervisor) + 24 MiB x workers (worker processes)
//	scratch  = slots x disk-mib + cache-mib + 64 MiB
//	runs     = overhead + slots x memory-mib
//	slot     = max(memory-mib, CompileShareMiB)
//	total    = overhead + buffer-mib + scratch + slots x slot + max(0, CompileMiB - slot)
//
// With the defaults (4 workers x 2 threads): overhead 160, scratch 640, runs 2208 and total
// 160 + 256 + 640 + 4096 + 512 = 5664 MiB.
func (s Settings) Memory() Memory {
	slots, overhead := s.Slots(), supervisorMiB+workerMiB*s.Workers
	m := Memory{
		Scratch: slots*s.DiskMiB + s.CacheMiB + scratchMiB,
		Runs:    overhead + slots*s.MemoryMiB,
	}
	slot := max(s.MemoryMiB, CompileShareMiB)
	m.Total = overhead + s.BufferMiB + m.Scratch + slots*slot + max(0, CompileMiB-slot)
	return m
}
