package sandbox

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/sandbox/scratch"
	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

// The checks in this file run on the monitor and on the slot's thread, which also keeps the wall
// clock. They read only counters that no run can lock. Figures that need a lock of the run are
// inspections: they have a goroutine of their own and a deadline, because a run can hold the lock
// for seconds.

const (
	// memoryInspectionTime is the time in which the exact memory of a run must be known. After it,
	// the counters decide, which count shared memory once a process. They decide after
	// growthInspectionTime already if they have grown by half of the limit since. On a busy node, an
	// honest run waits longer than that for its inspection too.
	memoryInspectionTime = 2 * time.Second
	growthInspectionTime = 100 * time.Millisecond
	// diskInspectionTime is the time in which the files of a run must be measured. MaxEntries files
	// take 10 ms.
	diskInspectionTime = 2 * time.Second
	// fillRate is the highest rate, in bytes a second, at which a program is assumed to fill memory.
	// With huge pages 6 GB/s were measured.
	fillRate = 8 << 30
)

// checkCPU enforces the CPU limit on the samples.
func (r *run) checkCPU() {
	r.mu.Lock()
	used := r.cpu
	r.mu.Unlock()
	if used >= r.limits.CPU {
		r.stop(CPULimit, fmt.Sprintf("cpu limit %d ms, killed by the executor", r.limits.CPU.Milliseconds()))
	}
}

// untilMemoryCheck returns the time that a program needs at least to grow from used bytes to its
// share, or to 125 % of its memory limit if it has no share or exceeds it already.
func (r *run) untilMemoryCheck(used int64) time.Duration {
	if !r.slot.config.has(TreeLimits) {
		return time.Hour
	}
	bound := float64(r.limits.Memory) * 1.25
	if r.share.limit > used {
		bound = float64(r.share.limit)
	}
	residue := bound - float64(used)
	return max(500*time.Microsecond, time.Duration(residue/fillRate*float64(time.Second)))
}

// counterError is the largest error of one memory counter in bytes: since Linux 6.2, each CPU keeps
// a part of a counter to itself (percpu_counter_batch).
var counterError = sync.OnceValue(func() int64 {
	cpus := int64(runtime.NumCPU())
	return max(32, 2*cpus) * cpus * int64(unix.Getpagesize())
})

// checkMemory enforces the memory limit on the processes and returns their memory in bytes: the sum
// of the counters. The sum counts shared pages once a process, so above the limit an inspection
// decides. Only one process that is far above the limit by what it alone uses needs none.
func (r *run) checkMemory(pids []int) int64 {
	if !r.hasExecuted() {
		return 0
	}
	var sum, largest int64
	for _, pid := range pids {
		m, _ := usage.Memory(pid)
		sum += m.Resident + m.PageTables
		largest = max(largest, m.Anonymous+m.PageTables)
	}
	r.checkShare(sum)
	limit := r.limits.Memory
	switch {
	case sum <= limit:
		r.addSample(0, sum)
	case largest-counterError() > limit+limit/8:
		r.addSample(0, largest)
		r.stopMemory()
	default:
		r.inspectMemory(pids, sum)
	}
	return sum
}

// hasExecuted reports whether the main process has the memory of its program. The kernel wakes the
// starter of a process a moment before (Linux, exec_mmap); on a busy machine the moment can last.
// Until then, the process shows the memory of the executor.
func (r *run) hasExecuted() bool {
	if !r.executed.Load() {
		r.executed.Store(usage.HasExecuted(r.group))
	}
	return r.executed.Load()
}

func (r *run) stopMemory() {
	r.stop(MemoryLimit, fmt.Sprintf("memory limit %d MiB, killed by the executor", r.limits.Memory>>20))
}

// memoryInspection reads the exact memory of a run.
type memoryInspection struct {
	mu    sync.Mutex
	begun time.Time // zero if none is in progress
	first int64     // the sum of the counters at the begin
	pids  []int
	read  int   // the number of pids whose memory is known
	sum   int64 // their memory
}

// inspectMemory starts an inspection, or ends the run if the one in progress is late and the run is
// over its limit as far as is known.
func (r *run) inspectMemory(pids []int, counters int64) {
	m := &r.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun.IsZero() {
		m.begun, m.first, m.pids, m.read, m.sum = time.Now(), counters, slices.Clone(pids), 0, 0
		go r.readMemory()
		return
	}
	pending := time.Since(m.begun)
	grows := counters > m.first+r.limits.Memory/2
	if pending < growthInspectionTime || pending < memoryInspectionTime && !grows {
		return
	}
	sum := m.sum
	for _, pid := range pids {
		if !slices.Contains(m.pids[:m.read], pid) {
			counters, _ := usage.Memory(pid)
			sum += counters.Resident + counters.PageTables
		}
	}
	if sum > r.limits.Memory {
		r.addSample(0, sum)
		r.stopMemory()
	}
}

// readMemory carries out the inspection.
func (r *run) readMemory() {
	m := &r.memory
	for _, pid := range m.pids {
		size := usage.ExactMemory(pid, m.pids)
		m.mu.Lock()
		m.sum += size
		m.read++
		m.mu.Unlock()
	}
	m.mu.Lock()
	sum := m.sum
	m.begun = time.Time{}
	m.mu.Unlock()
	r.addSample(0, sum)
	if sum > r.limits.Memory {
		r.stopMemory()
	}
}

// diskInspection measures the files of a run. A measurement must end before the run ends.
type diskInspection struct {
	measuring sync.Mutex
	begun     atomic.Int64 // in nanoseconds since 1970
	next      atomic.Int64 // likewise; the earliest begin of the next one
}

// wait returns when no measurement is in progress.
func (d *diskInspection) wait() {
	d.measuring.Lock()
	//nolint:staticcheck // an empty critical section: wait for a measurement in progress
	d.measuring.Unlock()
}

// checkDisk starts a measurement of the box and of unlinked files. It reports whether it did: a
// slow measurement is followed by a pause. A run whose files cannot be measured in
// diskInspectionTime ends.
func (r *run) checkDisk(pids []int) bool {
	d := &r.disk
	now := time.Now()
	if now.UnixNano() < d.next.Load() {
		return false
	}
	if !d.measuring.TryLock() {
		if now.Sub(time.Unix(0, d.begun.Load())) > diskInspectionTime {
			r.stop(DiskLimit, fmt.Sprintf("the files could not be measured in %s, killed by the executor", diskInspectionTime))
		}
		return false
	}
	d.begun.Store(now.UnixNano())
	pids = slices.Clone(pids)
	go func() {
		defer d.measuring.Unlock()
		r.measureDisk(pids)
		d.next.Store(time.Now().Add(4 * time.Since(now)).UnixNano())
	}()
	return true
}

func (r *run) measureDisk(pids []int) {
	if r.ended() {
		return
	}
	size := r.slot.Box.Measure(MaxEntries)
	if size.Truncated {
		r.stop(DiskLimit, fmt.Sprintf("limit of %d files and directories, or of their depth, killed by the executor", MaxEntries))
		return
	}
	bytes := size.Bytes + usage.UnlinkedBytes(pids)
	if bytes <= r.limits.Disk {
		bytes += r.hiddenBytes(pids)
	}
	if bytes > r.limits.Disk {
		r.stop(DiskLimit, fmt.Sprintf("disk limit %d MiB, killed by the executor", r.limits.Disk>>20))
	}
}

// hiddenBytes returns the size of the volume's files without a name, if a process of the run maps
// such a file, and 0 otherwise. A file that is unlinked, mapped and closed is in no directory and
// in no list of descriptors; only the volume as a whole shows it. Unlinked files that runs of other
// slots hold open are counted too.
func (r *run) hiddenBytes(pids []int) int64 {
	root := filepath.Dir(r.slot.config.Dir)
	used, ok := scratch.VolumeBytes(root)
	if !ok || used <= r.limits.Disk {
		return 0
	}
	if !slices.ContainsFunc(pids, func(pid int) bool { return usage.MapsDeletedFile(pid, r.slot.config.Dir) }) {
		return 0
	}
	named, err := scratch.MeasureVolume(root, maxVolumeEntries)
	if err != nil || named.Truncated {
		return 0
	}
	// What others have removed meanwhile was not hidden.
	if after, ok := scratch.VolumeBytes(root); ok {
		used = min(used, after)
	}
	return max(0, used-named.Bytes-usage.UnlinkedBytes(pids))
}

// maxVolumeEntries bounds the walk of the volume: the files of all slots and of the cache.
const maxVolumeEntries = 64 * MaxEntries
