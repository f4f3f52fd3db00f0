package sandbox

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/usage"
)

const (
	// sampleInterval is the time between two samples, and the time from the start of a run to its
	// first sample. Most runs of a contest end earlier and are never sampled. At 2 GB/s a program
	// fills 40 MB in this time, and 64 MB if a timer is as late as docs/adr/0026 allows; the memory
	// limit of a default pool holds 68 MiB a slot beyond the limits of runs
	// (controllers/resources).
	//
	// A run that ends before its first sample is still bounded: the kernel accounts its CPU time
	// and the memory of its largest process (see classify), and its files are measured at its end
	// (see supervise). The slot's thread enforces the wall limit and the memory limit of the main
	// process (see waitForMain). Processes and threads are counted when they are made (see births).
	sampleInterval = 20 * time.Millisecond
	// MaxEntries is the number of files and directories that a run may have. All slots share the
	// inodes.
	MaxEntries = 4096
)

// treeMonitor is the one monitor of the process: one scan of the process table serves all slots.
var treeMonitor = &monitor{runs: map[*run]*schedule{}, wake: make(chan struct{}, 1), leaders: map[int]bool{}}

// monitor enforces those limits on process trees that the kernel enforces on single processes only.
// Its goroutine exists only while there are runs to sample.
type monitor struct {
	mu     sync.Mutex
	runs   map[*run]*schedule
	active bool
	wake   chan struct{}
	// leaders are the main processes of all runs, sampled or not.
	leaders map[int]bool
	guard   guard
}

func (m *monitor) register(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaders[r.group] = true
}

type schedule struct {
	next time.Time
	// filesStale reports whether the run has used CPU time since its files were measured.
	filesStale bool
	group      usage.Group
	account    usage.Account
	// preferred are the processes that the kernel ends before the executor when memory is short.
	preferred []int
	// kernelBase is the kernel memory of the container at the start of the run; see guard.
	kernelBase int64
	// clock is the CPU time of the processes in before, read just before the last scan.
	clock  time.Duration
	before []int
}

// isIdle reports whether the group is as the last scan saw it: it had the same members before and
// after that scan, and none of them has used CPU time since.
func (w *schedule) isIdle() bool {
	now, ok := usage.CPUTime(w.group.Pids)
	isIdle := ok && now == w.clock && slices.Equal(w.before, w.group.Pids)
	w.clock = now
	w.before = append(w.before[:0], w.group.Pids...)
	return isIdle
}

// add starts the sampling of a run. The caller adds a run when it has lasted for sampleInterval, so
// its first sample and measurement are due at once.
func (m *monitor) add(r *run) {
	base := m.guard.baseline()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs[r] = &schedule{next: time.Now(), kernelBase: base}
	if !m.active {
		m.active = true
		go m.loop()
		return
	}
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *monitor) remove(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.runs, r)
	delete(m.leaders, r.group)
}

// loop takes a sample whenever a run is due, and returns when there are no runs.
func (m *monitor) loop() {
	var scanner *usage.Scanner
	defer func() {
		if scanner != nil {
			scanner.Close()
		}
	}()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		runs, wait := m.due(time.Now())
		if runs == nil && wait == 0 {
			return
		}
		if len(runs) == 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-m.wake:
			}
			continue
		}
		var err error
		if scanner == nil {
			scanner, err = usage.NewScanner()
		}
		if err == nil {
			err = sample(scanner, runs)
		}
		if err != nil {
			// Without samples the limits cannot be enforced: every sampled run ends.
			for r := range runs {
				r.stop(Cancelled, fmt.Sprintf("the executor could not watch the run (%v) and killed it", err))
			}
		}
	}
}

// due returns all runs if at least one is due, because one scan serves all. Otherwise it returns
// the time until the next run is due. With no runs it returns nil and 0, and the loop must end.
func (m *monitor) due(now time.Time) (map[*run]*schedule, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.runs) == 0 {
		m.active = false
		return nil, 0
	}
	wait := sampleInterval
	for _, w := range m.runs {
		wait = min(wait, w.next.Sub(now))
	}
	if wait > 0 {
		return nil, wait
	}
	due := make(map[*run]*schedule, len(m.runs))
	for r, w := range m.runs {
		w.next = now.Add(sampleInterval)
		due[r] = w
	}
	return due, 0
}

// sample samples the runs that have used CPU time since the last sample and stops those that exceed
// a limit. Most runs wait for a core or sleep at the start of a contest; for them the monitor reads
// one clock a process instead of the process table.
func sample(scanner *usage.Scanner, runs map[*run]*schedule) error {
	groups := make(map[int]*usage.Group, len(runs))
	sampled := make(map[*run]bool, len(runs))
	// hasOrphans reads a file, which only runs that have worked need.
	orphans := sync.OnceValue(func() bool { return treeMonitor.hasOrphans(scanner) })
	for r, w := range runs {
		if w.isIdle() {
			w.account.Idle(time.Now())
			continue
		}
		w.filesStale, sampled[r] = true, true
		w.group.MaxThreads = r.limits.Processes
		if orphans() || !scanner.ScanSingle(r.group, &w.group) {
			groups[r.group] = &w.group
		}
	}
	for len(groups) > 0 {
		over, err := scanner.Scan(groups)
		if err != nil {
			return err
		}
		if over == 0 {
			break
		}
		for r := range runs {
			if r.group == over {
				r.stop(ProcessLimit, fmt.Sprintf("limit of %d processes and threads, killed by the executor", r.limits.Processes))
				delete(groups, over)
				delete(runs, r)
			}
		}
	}
	for r, w := range runs {
		if r.ended() {
			continue // its members are being reaped, so the sample is incomplete
		}
		if sampled[r] {
			for _, pid := range w.group.Pids {
				if !slices.Contains(w.preferred, pid) {
					preferInOOM(pid)
				}
			}
			w.preferred = append(w.preferred[:0], w.group.Pids...)
		}
		if sampled[r] {
			r.addSample(max(w.group.CPU, w.account.Add(time.Now(), &w.group)), 0)
			r.checkCPU()
			r.checkMemory(w.group.Pids)
		}
		if w.filesStale && r.checkDisk(w.group.Pids) {
			w.filesStale = false
		}
	}
	treeMonitor.guard.check(runs)
	return nil
}

// hasOrphans reports whether a run may have processes that are not descendants of its main process:
// whether this process, the subreaper, has children other than the main processes of runs.
func (m *monitor) hasOrphans(scanner *usage.Scanner) bool {
	children, ok := scanner.Children(os.Getpid())
	m.mu.Lock()
	defer m.mu.Unlock()
	return !ok || slices.ContainsFunc(children, func(pid int) bool { return !m.leaders[pid] })
}
