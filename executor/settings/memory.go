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
	// CompileDiskMiB is the highest disk limit of a compiler.
	CompileDiskMiB = 160
	// ArtifactMiB is the highest size of what a compiler leaves for the runs.
	ArtifactMiB = 96
)

// Bounds of what the supervisor holds for its clients, besides the budget of buffer-mib.
const (
	// ConnectionAllowance is the size of the largest request, and of the largest answer, that counts
	// as memory of its connection and not of the budget. Large requests cannot take it, so that small
	// submissions are accepted while large ones fill the budget.
	ConnectionAllowance = 64 << 10
	// SocketBuffer is the size in bytes of the send and the receive buffer of a connection. The kernel
	// uses up to twice that size for each.
	SocketBuffer = 32 << 10
	// connectionBytes is the memory of a connection: the allowance for its request or its answer, the
	// two buffers of the kernel, and 64 KiB for the headers and for the goroutine.
	connectionBytes = ConnectionAllowance + 4*SocketBuffer + 64<<10
	// spareConnections is the number of connections that wait for nothing: idle ones, probes and
	// scrapes.
	spareConnections = 128
	// answerBytes is the least bound on the output of one submission: 256 runs with 64 KiB each.
	answerBytes = 16 << 20
	// answerFields is what a result has at most besides the output.
	answerFields = 1 << 20
)

// AnswerBytes returns the bound on the output that a result contains, all runs and both streams
// together, where one stream of a run has at most the given size. The output of one run always
// fits.
func AnswerBytes(output int64) int64 { return max(answerBytes, 2*output) }

// Memory is the memory that an executor needs, in MiB.
type Memory struct {
	// Scratch is the size of the scratch directory. In a pod it is in memory.
	Scratch int64
	// Runs is what the executor and the runs of all slots use, without compilers, files and queued
	// requests.
	Runs int64
	// Supervisor is what the supervisor uses if it has all its connections and its budget is full.
	Supervisor int64
	// Worker is what a worker process uses, without its runs, if each of its slots has the largest
	// request and the largest result.
	Worker int64
	// Total is what the executor uses if all slots compile or use their ceiling, one compiler uses
	// CompileMiB, the scratch directory is full and the queue is full at one time.
	Total int64
}

// Slots returns the number of submissions that run at one time.
func (s Settings) Slots() int64 { return s.Workers * s.Threads }

// Connections returns the highest number of connections: two for each submission that waits or
// runs, and 128.
func (s Settings) Connections() int64 { return 2*(s.QueueCapacity+s.Slots()) + spareConnections }

// AnswerMiB returns the size of the largest answer in the memory of the supervisor. Answers alone
// have a share of that size, besides the budget of buffer-mib.
func (s Settings) AnswerMiB() int64 {
	return mebibytes(AnswerBytes(s.OutputKiB<<10) + answerFields)
}

// Memory returns the memory sum:
//
//	connections = 2 x (queue-capacity + slots) + 128, each 256 KiB
//	answer      = max(16 MiB, 2 x output-kib) + 1 MiB
//	supervisor  = 64 MiB + connections + buffer-mib + answer + 2 x max-body-mib (to decode one request)
//	worker      = 24 MiB + threads x (max-body-mib + answer)
//	scratch     = slots x max(CompileDiskMiB, ArtifactMiB + disk-mib) + cache-mib + 64 MiB
//	runs        = 64 MiB + workers x 24 MiB + slots x memory-mib
//	slot        = max(memory-mib, CompileShareMiB)
//	total       = supervisor + workers x worker + scratch + slots x slot + max(0, CompileMiB - slot)
//
// With the defaults (4 workers x 2 threads): supervisor 64 + 100 + 256 + 17 + 32 = 469, worker 90,
// scratch 1408, runs 2208 and total 469 + 360 + 1408 + 4096 + 512 = 6845 MiB.
func (s Settings) Memory() Memory {
	slots, answer := s.Slots(), s.AnswerMiB()
	slot := max(s.MemoryMiB, CompileShareMiB)
	m := Memory{
		Scratch:    slots*max(CompileDiskMiB, ArtifactMiB+s.DiskMiB) + s.CacheMiB + scratchMiB,
		Runs:       supervisorMiB + s.Workers*workerMiB + slots*s.MemoryMiB,
		Supervisor: supervisorMiB + mebibytes(s.Connections()*connectionBytes) + s.BufferMiB + answer + 2*s.MaxBodyMiB,
		Worker:     workerMiB + s.Threads*(s.MaxBodyMiB+answer),
	}
	m.Total = m.Supervisor + s.Workers*m.Worker + m.Scratch + slots*slot + max(0, CompileMiB-slot)
	return m
}

// mebibytes returns n bytes in MiB, rounded up.
func mebibytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }
