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
	// interval is the time between looks, and from a run's start to the first: a tree that has just begun can do no more until
	// then than any other between two looks, and most runs of a contest are over by then and cost nothing. At 2 GB/s a program
	// can fill 40 MB in it, and 64 MB when a timer is as late as it may be (docs/adr/0026): a default pool's memory limit has
	// 68 MiB a slot beyond what runs may use (controllers/resources). Of a run that ends before the first look the kernel's accounts
	// tell the CPU time, and the largest process's memory where that is above this process's own (conclude), and the box what it
	// wrote (attend). Meanwhile the slot's thread keeps the wall time and, the more often the smaller it is, the memory limit of
	// the main process (accompany).
	interval = 20 * time.Millisecond
	// diskInterval is the least time between looks at a run's files, which cost more; a long walk makes it longer. The slots
	// share one volume, and on tmpfs one can fill 40 MB in it.
	diskInterval = interval
	// MaxEntries is how many files and directories a run may have: inodes are shared by all slots.
	MaxEntries = 4096
)

// watching is the process's one monitor: the process table is one, however many slots there are.
var watching = &monitor{runs: map[*run]*watch{}, wake: make(chan struct{}, 1), leaders: map[int]bool{}}

// monitor holds trees to the limits that the kernel knows for single processes only. Its goroutine lives while runs do.
type monitor struct {
	mu     sync.Mutex
	runs   map[*run]*watch
	active bool
	wake   chan struct{}
	// leaders are the main processes of all runs, watched yet or not.
	leaders map[int]bool
}

func (m *monitor) started(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leaders[r.group] = true
}

type watch struct {
	next     time.Time
	nextDisk time.Time
	// written says that the run has worked since its files were looked at.
	written bool
	group   usage.Group
	// clock is the CPU time of before, the members at the time, from just before the last scan; it tells whether the run
	// has done anything since.
	clock  time.Duration
	before []int
}

// rests says that the group is as the last scan saw it: it had the same members before as after that scan, and none of
// them has used any CPU since before it.
func (w *watch) rests() bool {
	now, ok := usage.Clock(w.group.Pids)
	rests := ok && now == w.clock && slices.Equal(w.before, w.group.Pids)
	w.clock = now
	w.before = append(w.before[:0], w.group.Pids...)
	return rests
}

// add hands over a run that has lasted for an interval: it is due at once, and so are its files.
func (m *monitor) add(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.runs[r] = &watch{next: now, nextDisk: now}
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

// loop looks whenever a run is due and ends when none is left.
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
			err = look(scanner, runs)
		}
		if err != nil {
			// Blind, the executor cannot keep its promises to other slots: no run goes on unwatched.
			for r := range runs {
				r.stop(Cancelled, fmt.Sprintf("the executor could not watch the run (%v) and killed it", err))
			}
		}
	}
}

// due gives all runs when at least one is due, since a look costs the same for all; otherwise how long to wait. With no
// run left it gives nothing, and the loop must end.
func (m *monitor) due(now time.Time) (map[*run]*watch, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.runs) == 0 {
		m.active = false
		return nil, 0
	}
	wait := interval
	for _, w := range m.runs {
		wait = min(wait, w.next.Sub(now))
	}
	if wait > 0 {
		return nil, wait
	}
	due := make(map[*run]*watch, len(m.runs))
	for r, w := range m.runs {
		w.next = now.Add(interval)
		due[r] = w
	}
	return due, 0
}

// look samples once the runs that have done anything since the last look, and stops those that are past a limit. Most runs
// of a contest start wait for a core or sleep; they cost a clock reading for each process, not a scan of the process table.
func look(scanner *usage.Scanner, runs map[*run]*watch) error {
	groups := make(map[int]*usage.Group, len(runs))
	looked := make(map[*run]bool, len(runs))
	// Whether there are orphans takes a file to see, which only runs that have worked need.
	orphans := sync.OnceValue(func() bool { return watching.orphaned(scanner) })
	for r, w := range runs {
		if w.rests() {
			continue
		}
		w.written, looked[r] = true, true
		w.group.Most = r.limits.Processes
		if orphans() || !scanner.Single(r.group, &w.group) {
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
		if looked[r] {
			r.judge(scanner, &w.group)
		}
		if now := time.Now(); w.written && now.After(w.nextDisk) {
			w.written = false
			r.judgeDisk(scanner, w.group.Pids)
			spent := time.Since(now)
			w.nextDisk = now.Add(max(diskInterval, 4*spent))
		}
	}
	return nil
}

// orphaned says that a run may have processes which its main process does not lead to: this process, their reaper, has
// children that are no run's main process.
func (m *monitor) orphaned(scanner *usage.Scanner) bool {
	children, ok := scanner.Children(os.Getpid())
	m.mu.Lock()
	defer m.mu.Unlock()
	return !ok || slices.ContainsFunc(children, func(pid int) bool { return !m.leaders[pid] })
}

// judge holds one sample against the limits. Resident sizes count shared pages once for each process and, on newer kernels,
// are off a little; so before a kill the exact figure decides.
func (r *run) judge(scanner *usage.Scanner, sample *usage.Group) {
	memory := sample.Resident
	if memory > r.limits.Memory {
		memory = scanner.Proportional(sample.Pids)
	}
	r.observe(sample.CPU, memory)
	if memory > r.limits.Memory {
		r.stop(MemoryLimit, fmt.Sprintf("memory limit %d MiB, killed by the executor", r.limits.Memory>>20))
	}
	if sample.CPU >= r.limits.CPU {
		r.stop(CPULimit, fmt.Sprintf("cpu limit %d ms, killed by the executor", r.limits.CPU.Milliseconds()))
	}
}

// judgeDisk adds what the box holds to what was unlinked and is still open.
func (r *run) judgeDisk(scanner *usage.Scanner, pids []int) {
	r.walking.Lock()
	defer r.walking.Unlock()
	if r.ended() {
		return
	}
	size := r.slot.Box.Measure(MaxEntries)
	switch {
	case size.Cut:
		r.stop(DiskLimit, fmt.Sprintf("limit of %d files and directories, or of their depth, killed by the executor", MaxEntries))
	case size.Bytes+scanner.Unlinked(pids) > r.limits.Disk:
		r.stop(DiskLimit, fmt.Sprintf("disk limit %d MiB, killed by the executor", r.limits.Disk>>20))
	}
}
