package usage

import (
	"maps"
	"runtime"
	"time"
)

// Account is the CPU time of a process tree over its samples. It finds the CPU time that the kernel
// charges to nobody: that of a child whose parent ignores SIGCHLD. The kernel reaps such a child
// itself and adds its time to no process (Linux, exit_notify).
//
// The time of a reaped child is in its parent's counter of children. So the clocks of members that
// have ended, as last read, cannot exceed the counters of the living members, but for the rounding
// of counters. If they do, the tree loses processes. Their time after the last sample, and that of
// processes between two samples, is unknown. The account then charges the time in which members
// were runnable, on as many CPUs as there are. That is at least the CPU time if samples are
// typical.
//
// The executor itself must not reap members before the last sample.
type Account struct {
	members  map[int]member // of the last sample
	parents  map[int]bool   // of those, the ones with a child that has ended
	ended    time.Duration  // the clocks of the members that have ended
	excess   time.Duration  // of ended over the counters in the last sample
	runnable time.Duration
	last     time.Time
	loses    bool
}

// member is a process of the tree, as last seen.
type member struct {
	clock  time.Duration
	parent int
}

// counterRounding is the most CPU time that the two counters of one process hide: each is rounded
// down to ticks.
const counterRounding = 2 * tick

// Idle notes that the tree has not run since the last sample.
func (a *Account) Idle(now time.Time) { a.last = now }

// Add adds a sample and returns the CPU time that the tree has used at least.
func (a *Account) Add(now time.Time, g *Group) time.Duration {
	if a.members == nil {
		a.members, a.parents = map[int]member{}, map[int]bool{}
	}
	if !a.last.IsZero() {
		a.runnable += now.Sub(a.last) * time.Duration(min(g.Runnable, int64(runtime.NumCPU())))
	}
	a.last = now
	members := make(map[int]member, len(g.Pids))
	used := a.ended
	for i, pid := range g.Pids {
		if clock, ok := CPUTime([]int{pid}); ok {
			members[pid] = member{clock, g.Parents[i]}
			used += clock
		}
	}
	for pid, before := range a.members {
		// A clock that goes back belongs to a new process with the id of an old one.
		if now, lives := members[pid]; !lives || now.clock < before.clock {
			a.ended += before.clock
			used += before.clock
			a.parents[before.parent] = true
		}
	}
	a.members = members
	maps.DeleteFunc(a.parents, func(pid int, _ bool) bool { _, lives := members[pid]; return !lives })
	rounding := counterRounding * time.Duration(1+len(a.parents))
	// A child that is reaped between the reads of its parent and of itself is in neither: the excess
	// must last for two samples.
	excess := a.ended - g.ChildCPU - rounding
	a.loses = a.loses || min(excess, a.excess) > 0
	a.excess = excess
	if !a.loses {
		return 0
	}
	return max(used, a.runnable)
}
