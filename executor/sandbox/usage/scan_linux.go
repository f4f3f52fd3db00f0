package usage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of CPU times in /proc, USER_HZ: 1/100 s on every architecture Go runs on.
const tick = 10 * time.Millisecond

// Group is what the members of one process group use together.
type Group struct {
	// Threads counts threads; a process that is dead but not yet reaped counts as one.
	Threads int64
	// CPU is time of the members and of what they have waited for, cut to ticks: never more than the truth.
	CPU time.Duration
	// Resident is the sum of resident bytes; what members share counts in each.
	Resident int64
	Pids     []int
	// Most ends a scan at once when Threads passes it: a table that grows faster than it is read has no end.
	Most int64
}

// Scanner reads /proc.
type Scanner struct {
	proc   int
	page   int64
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
	return &Scanner{proc: fd, page: int64(unix.Getpagesize()), dirent: make([]byte, 32<<10), stat: make([]byte, 2048)}, nil
}

// Scan fills groups, whose keys are process group ids. Processes that vanish while it reads are left out. When a group has
// more threads than its Most, Scan stops there and gives the group's key; the figures of the others are then incomplete.
func (s *Scanner) Scan(groups map[int]*Group) (over int, err error) {
	for _, g := range groups {
		*g = Group{Pids: g.Pids[:0], Most: g.Most}
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

// add counts one process; it gives the process's group when that is over its Most.
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
	p, ok := parseStat(s.stat[:n])
	if !ok {
		return 0
	}
	group := groups[p.pgrp]
	if group == nil {
		return 0
	}
	group.Threads += max(1, p.threads)
	group.CPU += time.Duration(p.ticks) * tick
	group.Resident += p.pages * s.page
	if number, err := strconv.Atoi(string(pid)); err == nil {
		group.Pids = append(group.Pids, number)
	}
	if group.Most > 0 && group.Threads > group.Most {
		return p.pgrp
	}
	return 0
}

type process struct {
	pgrp                  int
	ticks, threads, pages int64
}

// Fields of /proc/PID/stat counted from the state, the first after the name (proc_pid_stat(5) counts from 1 at the pid).
const (
	fieldPgrp    = 5 - 3
	fieldUtime   = 14 - 3
	fieldCstime  = 17 - 3
	fieldThreads = 20 - 3
	fieldRSS     = 24 - 3
)

// parseStat reads the fields it needs; the name may hold blanks and brackets, so it begins after the last bracket.
func parseStat(line []byte) (process, bool) {
	var p process
	at := bytes.LastIndexByte(line, ')')
	if at < 0 {
		return p, false
	}
	field := 0
	for word := range bytes.FieldsSeq(line[at+1:]) {
		switch {
		case field == fieldPgrp:
			p.pgrp = int(number(word))
		case field >= fieldUtime && field <= fieldCstime:
			p.ticks += number(word)
		case field == fieldThreads:
			p.threads = number(word)
		case field == fieldRSS:
			p.pages = number(word)
			return p, true
		}
		field++
	}
	return p, false
}

func number(digits []byte) int64 {
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return n
		}
		n = n*10 + int64(d-'0')
	}
	return n
}

// Proportional is the memory of the processes with shared pages divided among all that map them (Pss), in bytes. It costs
// much more than a scan and is exact where a scan, on Linux 6.2 and newer, is off by some pages per CPU. Processes that
// cannot be read count nothing.
func (s *Scanner) Proportional(pids []int) int64 {
	var sum int64
	for _, pid := range pids {
		fd, err := unix.Openat(s.proc, strconv.Itoa(pid)+"/smaps_rollup", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		n, err := unix.Read(fd, s.stat)
		unix.Close(fd)
		if err != nil || n <= 0 {
			continue
		}
		if _, after, ok := bytes.Cut(s.stat[:n], []byte("\nPss:")); ok {
			sum += number(bytes.TrimLeft(after, " ")) << 10
		}
	}
	return sum
}

// Single fills the group when it has one process of one thread, its leader, which costs two small files instead of the process
// table; false: Scan has to tell. It does not see orphans of the group, which are children of the reaper (see Children).
//
// It asks nothing of further threads, since a look below /proc/PID/task makes the kernel keep names there, one a thread. Each is
// thrown away by the thread that ends, in the run's idle class, and all by who reaps the process, who spins until the former are
// gone (Linux, shrink_dcache_parent): a thread that was put off in the middle of it gets no core as long as its reapers spin on all
// of them. Runs of Java and Go stood still for seconds, and outlived their timeouts.
func (s *Scanner) Single(leader int, group *Group) bool {
	*group = Group{Pids: group.Pids[:0], Most: group.Most}
	name := strconv.AppendInt(nil, int64(leader), 10)
	groups := map[int]*Group{leader: group}
	if s.add(name, groups); len(group.Pids) == 0 || group.Threads > 1 {
		return false
	}
	children, ok := s.Children(leader)
	return ok && len(children) == 0
}

// Children are the processes that the process's first thread has for children: all that it made, if it has no other, and all that
// were handed to it as the reaper of their family, since the kernel gives those to a process's first thread that is not ending
// (Linux, kernel/exit.c, find_alive_thread), and a Go program's first does not end. False when that cannot be told, as on a kernel
// without CONFIG_PROC_CHILDREN. While children come and go some may be missing, but never all (Linux, fs/proc/array.c).
func (s *Scanner) Children(pid int) ([]int, bool) {
	name := strconv.Itoa(pid)
	list, err := s.read(s.proc, name+"/task/"+name+"/children")
	if err != nil {
		return nil, false
	}
	var pids []int
	for word := range bytes.FieldsSeq(list) {
		pids = append(pids, int(number(word)))
	}
	return pids, true
}

// read gives the beginning of a small file.
func (s *Scanner) read(dir int, path string) ([]byte, error) {
	fd, err := unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, s.stat)
	return s.stat[:max(n, 0)], err
}

// Close frees the scanner.
func (s *Scanner) Close() error { return unix.Close(s.proc) }
