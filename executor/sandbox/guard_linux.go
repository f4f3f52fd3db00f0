package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/container"
	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

const (
	// kernelNoise is the growth of the container's kernel memory that no run is charged: cached
	// directory entries, and the page tables and stacks of runs in other workers.
	kernelNoise = 32 << 20
	// descriptorCost is the kernel memory that one descriptor can hold: a full socket with its
	// bookkeeping (net.core.wmem_default, 208 KiB of data).
	descriptorCost = 512 << 10
	// mappingsCost is the kernel memory that the mappings of one process can hold:
	// vm.max_map_count, 65530, of some 256 bytes each. After a fork, each mapping of the child holds
	// objects for each of its ancestors too (anon_vma_chain), here for up to maxAncestors.
	mappingsCost = 16 << 20
	maxAncestors = 8
	// threadCost is the kernel stack of a thread with its bookkeeping.
	threadCost = 32 << 10
	// minReserve is the memory that must stay free in the container; see reserve.
	minReserve = 32 << 20
	// settleTime is the time after the end of a run in which no worker ends another one for want of
	// memory: the kernel needs it to free what the run had.
	settleTime = 100 * time.Millisecond
)

// reserve returns the memory that must stay free in a container with the limit.
func reserve(limit int64) int64 { return max(minReserve, limit/64) }

// guard watches the memory of the whole container. It finds what no process shows: buffers of
// sockets and pipes, tables of mappings, and other kernel objects. Each worker has a guard, which
// knows only the runs of that worker; so a run must be able to hold the memory that it is charged.
//
// It costs three small files for each sample of the monitor, 0.1 ms every 20 ms.
type guard struct {
	mu        sync.Mutex
	container *container.Container // nil if there is nothing to watch
	// lock is a file whose lock a worker needs to end a run for want of memory; -1 if there is none.
	// Otherwise, all workers would end a run at one time.
	lock int
	last container.Usage
	read time.Time // when last was read
	// ended is when the guard has last ended a run for want of memory.
	ended time.Time
}

// lastingTime is how long a reading can be the baseline of a run that starts later.
const lastingTime = time.Second

// GuardContainer makes the monitor of this process watch the memory of the container. It must be
// called before the first run. The workers of a container agree by the lock of the file at lockPath
// who ends a run when memory is short; "" means that there is one worker.
func GuardContainer(c *container.Container, lockPath string) error {
	lock := -1
	if lockPath != "" {
		var err error
		if lock, err = unix.Open(lockPath, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600); err != nil {
			return fmt.Errorf("open the lock of the container's guard: %w", err)
		}
	}
	g := &treeMonitor.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	g.container, g.lock = c, lock
	return nil
}

// mayEnd reports whether this worker may end a run for want of memory. No worker may do so again
// before settleTime has passed.
func (g *guard) mayEnd() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.ended) < settleTime {
		return false
	}
	if lock := g.lock; lock >= 0 {
		if unix.Flock(lock, unix.LOCK_EX|unix.LOCK_NB) != nil {
			return false
		}
		time.AfterFunc(settleTime, func() { _ = unix.Flock(lock, unix.LOCK_UN) })
	}
	g.ended = time.Now()
	return true
}

// baseline returns the kernel memory of the container at the start of a run.
func (g *guard) baseline() int64 {
	before := g.lastReading()
	now, err := g.usage()
	if err != nil {
		return 0
	}
	if before.Kernel > 0 {
		return min(before.Kernel, now.Kernel)
	}
	return now.Kernel
}

// lastReading returns the last reading, or nothing if it is too old.
func (g *guard) lastReading() container.Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.read) > lastingTime {
		return container.Usage{}
	}
	return g.last
}

// usage reads the memory of the container.
func (g *guard) usage() (container.Usage, error) {
	g.mu.Lock()
	group := g.container
	g.mu.Unlock()
	if group == nil {
		return container.Usage{}, nil
	}
	now, err := group.Read()
	if err != nil {
		return container.Usage{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.read = now, time.Now()
	return now, nil
}

// suspect is a run with the kernel memory that it can use.
type suspect struct {
	run     *run
	visible int64 // memory of its processes
	// excess is the growth of the container's kernel memory during the run, without the page tables
	// and stacks of the run.
	excess   int64
	possible int64 // the most that other kernel objects of the run can use
}

// check ends the likeliest run when kernel objects take more than its memory limit, or when the
// container is about to reach its own limit.
func (g *guard) check(runs map[*run]*schedule) {
	if len(runs) == 0 {
		return
	}
	now, err := g.usage()
	if err != nil || now.Used == 0 {
		return // without a container, the limits of the runs still hold
	}
	isShort := now.Limit > 0 && now.Pinned > now.Limit-reserve(now.Limit)
	var suspects []suspect
	for r, w := range runs {
		if isShort || now.Kernel-w.kernelBase > kernelNoise {
			suspects = append(suspects, newSuspect(r, w, now))
		}
	}
	if len(suspects) == 0 {
		return
	}
	likeliest := slices.MaxFunc(suspects, func(a, b suspect) int { return cmp.Compare(a.possible, b.possible) })
	limit := likeliest.run.limits.Memory
	if excess := likeliest.excess; excess > kernelNoise && likeliest.possible >= excess && likeliest.visible+excess > limit {
		likeliest.run.addSample(0, likeliest.visible+excess)
		likeliest.run.stop(MemoryLimit, fmt.Sprintf("memory limit %d MiB, killed by the executor: kernel objects such as sockets, pipes and mappings take %d MiB",
			limit>>20, excess>>20))
		return
	}
	if isShort && g.mayEnd() {
		endLargest(suspects, now)
	}
}

// endLargest ends the run that uses, or can use, most of the memory of the container.
func endLargest(suspects []suspect, now container.Usage) {
	largest := slices.MaxFunc(suspects, func(a, b suspect) int {
		return cmp.Compare(a.visible+a.possible, b.visible+b.possible)
	})
	cause := fmt.Sprintf("the container uses %d of %d MiB, and this run can hold most of it; killed by the executor",
		now.Pinned>>20, now.Limit>>20)
	limit := MemoryLimit
	if largest.excess <= kernelNoise {
		// The run is within its limit: the container is smaller than the sum of what it holds.
		limit = Cancelled
	}
	largest.run.stop(limit, cause)
}

func newSuspect(r *run, w *schedule, now container.Usage) suspect {
	s := suspect{run: r, excess: now.Kernel - w.kernelBase - w.group.Threads*threadCost}
	for _, pid := range w.group.Pids {
		m, _ := usage.Memory(pid)
		s.visible += m.Resident + m.PageTables
		s.excess -= m.PageTables
		s.possible += usage.Descriptors(pid)*descriptorCost + mappingsCost*int64(min(len(w.group.Pids), maxAncestors))
	}
	// Counters count shared memory once a process. Beyond the limit, an inspection decides.
	s.visible = min(s.visible, r.limits.Memory)
	return s
}

// preferInOOM makes the kernel prefer the processes of a run when the container is out of memory.
// The executor's own processes are smaller than most runs, and every run depends on them. Processes
// that are made later inherit it. A run that ends before its first sample is too short to matter.
func preferInOOM(pid int) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	_, _ = unix.Write(fd, []byte("1000"))
	unix.Close(fd)
}
