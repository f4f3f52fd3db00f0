package usage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"executorpool.dev/executor/sandbox/procfs"
	"golang.org/x/sys/unix"
)

// tick is the unit of CPU times in /proc (USER_HZ), 1/100 s on every architecture that Go supports.
const tick = 10 * time.Millisecond

// Group is the usage of all members of one process group.
type Group struct {
	// Threads is the number of threads; a zombie counts as one.
	Threads int64
	// CPU is the CPU time of the members and of their reaped children, and ChildCPU the part of the
	// reaped children. Both are sums of counters that are rounded down to ticks.
	CPU, ChildCPU time.Duration
	// Runnable is the number of threads that run or wait for a core, at most: all threads of a member
	// with several.
	Runnable int64
	// Pids are the members, and Parents their parents.
	Pids, Parents []int
	// MaxThreads ends a scan when Threads exceeds it: a table that grows faster than it is read has
	// no end.
	MaxThreads int64
}

func (g *Group) reset() {
	*g = Group{Pids: g.Pids[:0], Parents: g.Parents[:0], MaxThreads: g.MaxThreads}
}

// Scanner reads /proc.
type Scanner struct {
	proc   int
	dirent []byte
	stat   []byte
	path   []byte
}

// NewScanner opens the process table.
func NewScanner() (*Scanner, error) {
	fd, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the process table: %w", err)
	}
	return &Scanner{proc: fd, dirent: make([]byte, 32<<10), stat: make([]byte, 2048)}, nil
}

// Scan fills groups, whose keys are process group ids. Processes that end during the scan are left
// out. If a group exceeds its MaxThreads, Scan stops and returns the group's id; the values of the
// others are incomplete.
func (s *Scanner) Scan(groups map[int]*Group) (over int, err error) {
	for _, g := range groups {
		g.reset()
	}
	if _, err := unix.Seek(s.proc, 0, unix.SEEK_SET); err != nil {
		return 0, fmt.Errorf("rewind the process table: %w", err)
	}
	for {
		n, err := unix.Getdents(s.proc, s.dirent)
		if err != nil {
			return 0, fmt.Errorf("list the process table: %w", err)
		}
		if n == 0 {
			return 0, nil
		}
		for rest := s.dirent[:n]; len(rest) > 0; {
			length := binary.NativeEndian.Uint16(rest[16:])
			name := rest[19:length]
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			if name[0] >= '1' && name[0] <= '9' {
				if over := s.add(name, groups); over != 0 {
					return over, nil
				}
			}
			rest = rest[length:]
		}
	}
}

// add adds one process to its group, and returns the group's id if it exceeds its MaxThreads.
func (s *Scanner) add(pid []byte, groups map[int]*Group) (over int) {
	s.path = append(append(s.path[:0], pid...), "/stat"...)
	fd, err := unix.Openat(s.proc, string(s.path), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	n, err := unix.Read(fd, s.stat)
	unix.Close(fd)
	if err != nil || n <= 0 {
		return 0
	}
	p, ok := procfs.ParseStat(s.stat[:n])
	if !ok {
		return 0
	}
	group := groups[p.Group]
	if group == nil {
		return 0
	}
	group.Threads += max(1, p.Threads)
	group.CPU += time.Duration(p.Ticks) * tick
	group.ChildCPU += time.Duration(p.ChildTicks) * tick
	switch {
	case p.Threads > 1:
		group.Runnable += p.Threads
	case p.State == 'R':
		group.Runnable++
	}
	if number, ok := procfs.ParseDecimal(pid); ok {
		group.Pids = append(group.Pids, int(number))
		group.Parents = append(group.Parents, p.Parent)
	}
	if group.MaxThreads > 0 && group.Threads > group.MaxThreads {
		return p.Group
	}
	return 0
}

// ScanSingle fills group if it consists of its leader, a process with one thread. This costs two
// small files instead of the process table. It returns false otherwise; only Scan can fill such a
// group. It does not see orphans of the group, which are children of the reaper (see Children).
//
// It does not read /proc/PID/task/TID of further threads: the kernel then caches a name a thread.
// Each thread drops its name when it ends, in the idle class of runs, and the reaper of the process
// spins until all are dropped (Linux, shrink_dcache_parent). A thread that is preempted while it
// drops its name gets no core while reapers spin on all of them; runs of Java and Go stopped for
// seconds and outlived their timeouts.
func (s *Scanner) ScanSingle(leader int, group *Group) bool {
	group.reset()
	name := strconv.AppendInt(nil, int64(leader), 10)
	groups := map[int]*Group{leader: group}
	if s.add(name, groups); len(group.Pids) == 0 || group.Threads > 1 {
		return false
	}
	children, ok := s.Children(leader)
	return ok && len(children) == 0
}

// Children returns the children of the process's first thread: all children that this thread has
// started, and all orphans for which the process is the subreaper, because the kernel gives those
// to the first thread that is not exiting (Linux, kernel/exit.c, find_alive_thread); the first
// thread of a Go program never exits. It returns false if the list cannot be read, as on a kernel
// without CONFIG_PROC_CHILDREN. While children start and end the list may miss some, but never all
// (Linux, fs/proc/array.c).
func (s *Scanner) Children(pid int) ([]int, bool) {
	name := strconv.Itoa(pid)
	list, err := s.read(s.proc, name+"/task/"+name+"/children")
	if err != nil {
		return nil, false
	}
	pids, err := procfs.ParseChildren(list)
	return pids, err == nil
}

// read returns the beginning of a small file.
func (s *Scanner) read(dir int, path string) ([]byte, error) {
	fd, err := unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, s.stat)
	return s.stat[:max(n, 0)], err
}

// Close closes the scanner.
func (s *Scanner) Close() error { return unix.Close(s.proc) }
