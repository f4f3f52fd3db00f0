package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ParseChildren parses the content of /proc/PID/task/TID/children.
func ParseChildren(list []byte) ([]int, error) {
	var pids []int
	for field := range bytes.FieldsSeq(list) {
		pid, ok := ParseDecimal(field)
		if !ok {
			return nil, fmt.Errorf("parse the list of children: %q is not a process id", field)
		}
		pids = append(pids, int(pid))
	}
	return pids, nil
}

// Memory is the part of /proc/PID/status on the memory of a process, in bytes.
type Memory struct {
	// Resident is the resident memory, and Anonymous the part of it that belongs to no file.
	Resident, Anonymous int64
	// PageTables is the size of the page tables, which no resident memory includes.
	PageTables int64
}

// ParseMemory parses the content of /proc/PID/status. It returns false if the process has no memory
// of its own: it is a zombie, or its first thread has ended before the others.
func ParseMemory(status []byte) (Memory, bool) {
	var m Memory
	found := false
	for line := range bytes.Lines(status) {
		var field *int64
		switch {
		case bytes.HasPrefix(line, []byte("VmRSS:")):
			field, found = &m.Resident, true
		case bytes.HasPrefix(line, []byte("RssAnon:")):
			field = &m.Anonymous
		case bytes.HasPrefix(line, []byte("VmPTE:")):
			field = &m.PageTables
		default:
			continue
		}
		_, value, _ := bytes.Cut(line, []byte(":"))
		kib, ok := ParseDecimal(bytes.TrimSuffix(bytes.TrimSpace(value), []byte(" kB")))
		if !ok || kib > 1<<52 {
			return Memory{}, false
		}
		*field = kib << 10
	}
	return m, found
}

// ParseProportional returns the proportional set size, in bytes, in the content of
// /proc/PID/smaps_rollup.
func ParseProportional(rollup []byte) (size int64, ok bool) {
	_, after, found := bytes.Cut(rollup, []byte("\nPss:"))
	if !found {
		return 0, false
	}
	line, _, _ := bytes.Cut(after, []byte("\n"))
	kib, ok := ParseDecimal(bytes.TrimSuffix(bytes.TrimSpace(line), []byte(" kB")))
	return kib << 10, ok
}

func path(pid int, file string) string { return "/proc/" + strconv.Itoa(pid) + "/" + file }

// ReadStat reads /proc/PID/stat.
func ReadStat(pid int) (Stat, error) {
	line, err := os.ReadFile(path(pid, "stat"))
	if err != nil {
		return Stat{}, fmt.Errorf("read the state of process %d: %w", pid, err)
	}
	s, ok := ParseStat(line)
	if !ok {
		return Stat{}, fmt.Errorf("read the state of process %d: unknown format %q", pid, line)
	}
	return s, nil
}

// Processes returns the ids of all processes.
func Processes() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// Children returns the children of every thread of the process. It fails on a kernel without
// CONFIG_PROC_CHILDREN, and if a thread ends meanwhile, because its children move to another
// thread. A list that is read while a child is reaped may miss another child.
func Children(pid int) ([]int, error) {
	threads, err := os.ReadDir(path(pid, "task"))
	if err != nil {
		return nil, fmt.Errorf("list the threads of process %d: %w", pid, err)
	}
	var pids []int
	for _, thread := range threads {
		list, err := os.ReadFile(path(pid, "task/"+thread.Name()+"/children"))
		if err != nil {
			return nil, fmt.Errorf("list the children of process %d: %w", pid, err)
		}
		children, err := ParseChildren(list)
		if err != nil {
			return nil, err
		}
		pids = append(pids, children...)
	}
	return pids, nil
}

// Arguments returns the arguments of the process, including its name. A kernel thread has none.
func Arguments(pid int) ([]string, error) {
	line, err := os.ReadFile(path(pid, "cmdline"))
	if err != nil {
		return nil, fmt.Errorf("read the arguments of process %d: %w", pid, err)
	}
	if len(line) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"), nil
}

// BootID returns the random id of this boot of the machine.
func BootID() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	if id = bytes.TrimSpace(id); len(id) == 0 {
		return "", errors.New("read the boot id: it is empty")
	}
	return string(id), nil
}
