package usage

import (
	"bytes"
	"strconv"

	"executorpool.dev/executor/sandbox/procfs"
	"golang.org/x/sys/unix"
)

// Memory returns the memory of a process. It takes no lock that the process can hold, so no
// process delays it. It returns false if the process has no memory.
//
// Since Linux 6.2, resident memory can be off by some pages for each CPU. It counts a shared page
// in full, and a page that is mapped twice twice; ExactMemory does not.
func Memory(pid int) (procfs.Memory, bool) {
	process := strconv.Itoa(pid)
	if m, ok := readMemory(process); ok {
		return m, true
	}
	// Few processes end their first thread early; the others cost one file.
	path := memoryPath(pid)
	if path == process {
		return procfs.Memory{}, false
	}
	return readMemory(path)
}

func readMemory(path string) (procfs.Memory, bool) {
	var buffer [4096]byte
	status, ok := readFile("/proc/"+path+"/status", buffer[:])
	if !ok {
		return procfs.Memory{}, false
	}
	return procfs.ParseMemory(status)
}

// memoryPath returns the path below /proc of a thread that shows the memory of the process. This is
// the process itself, unless its first thread has ended: a process then shows no memory, although
// its other threads still use it (Linux, exit_mm).
func memoryPath(pid int) string {
	process := strconv.Itoa(pid)
	stat, err := procfs.ReadStat(pid)
	if err != nil || stat.State != zombie || stat.Threads < 2 {
		return process
	}
	for _, thread := range threads(pid) {
		if thread != process {
			return process + "/task/" + thread
		}
	}
	return process
}

const zombie = 'Z'

// threads returns the ids of at most some hundred threads of a process.
func threads(pid int) []string {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var buffer [8192]byte
	n, err := unix.Getdents(fd, buffer[:])
	if err != nil || n <= 0 {
		return nil
	}
	_, _, names := unix.ParseDirent(buffer[:n], -1, nil)
	return names
}

// ExactMemory returns the memory of one process: its pages, with those that it shares divided among
// all processes that map them (Pss), and its page tables. It takes the lock of the process's
// address space and waits for a process that holds the lock. A process that is gone has none.
//
// A process between vfork and exec uses the memory of its parent, and has none of its own. members
// are all processes of the tree.
func ExactMemory(pid int, members []int) int64 {
	if sharesParentMemory(pid, members) {
		return 0
	}
	path := memoryPath(pid)
	var buffer [4096]byte
	rollup, ok := readFile("/proc/"+path+"/smaps_rollup", buffer[:])
	if !ok {
		return 0
	}
	size, _ := procfs.ParseProportional(rollup)
	memory, _ := readMemory(path)
	return size + memory.PageTables
}

// forkedNotExecuted is PF_FORKNOEXEC: the process has not executed a program since its fork.
const forkedNotExecuted = 0x40

// HasExecuted reports whether the process has executed a program since its fork, or is gone.
func HasExecuted(pid int) bool {
	stat, err := procfs.ReadStat(pid)
	return err != nil || stat.Flags&forkedNotExecuted == 0
}

// sharesParentMemory reports whether the process is between vfork and exec. The thread that called
// vfork is then in an uninterruptible sleep, and the process is its youngest child. No other
// process shares memory: the filter allows CLONE_VM only for threads and with CLONE_VFORK, and
// refuses CLONE_PARENT, with which a process could become a sibling of its parent's vfork child.
func sharesParentMemory(pid int, members []int) bool {
	child, err := procfs.ReadStat(pid)
	if err != nil || child.Flags&forkedNotExecuted == 0 || child.State == zombie {
		return false
	}
	isMember := false
	for _, member := range members {
		isMember = isMember || member == child.Parent
	}
	if !isMember {
		return false
	}
	process := "/proc/" + strconv.Itoa(child.Parent) + "/task/"
	var buffer [4096]byte
	for _, thread := range threads(child.Parent) {
		list, ok := readFile(process+thread+"/children", buffer[:])
		children, err := procfs.ParseChildren(list)
		if !ok || err != nil || len(children) == 0 || children[len(children)-1] != pid {
			continue
		}
		line, ok := readFile(process+thread+"/stat", buffer[:])
		parent, parsed := procfs.ParseStat(line)
		// A child of a thread that has ended becomes the youngest child of another one. It has memory
		// of its own, which other counters show.
		return ok && parsed && parent.State == 'D' && haveEqualMemory(pid, child.Parent)
	}
	return false
}

// haveEqualMemory reports whether the counters of two processes agree, as those of one memory do.
func haveEqualMemory(pid, other int) bool {
	before, _ := Memory(other)
	memory, ok := Memory(pid)
	after, _ := Memory(other)
	return ok && (memory == before || memory == after)
}

// Descriptors returns the number of open descriptors of a process.
func Descriptors(pid int) int64 {
	path := "/proc/" + memoryPath(pid) + "/fd"
	var stat unix.Stat_t
	if unix.Stat(path, &stat) == nil && stat.Size > 0 { // Linux 6.2 and newer
		return stat.Size
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	var count int64
	var buffer [8192]byte
	for {
		n, err := unix.Getdents(fd, buffer[:])
		if err != nil || n <= 0 {
			return count
		}
		_, entries, _ := unix.ParseDirent(buffer[:n], -1, nil)
		count += int64(entries)
	}
}

// MapsDeletedFile reports whether the process maps a file below dir that has no name any more. The
// pages of such a file take space and are in no directory and in no list of descriptors. Like
// ExactMemory, it waits for the lock of the process's address space.
func MapsDeletedFile(pid int, dir string) bool {
	fd, err := unix.Open("/proc/"+memoryPath(pid)+"/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var buffer [16 << 10]byte
	rest := 0
	for {
		n, err := unix.Read(fd, buffer[rest:])
		if err != nil || n <= 0 {
			return false
		}
		text := buffer[:rest+n]
		for {
			line, after, found := bytes.Cut(text, []byte("\n"))
			if !found {
				break
			}
			if bytes.HasSuffix(line, []byte(" (deleted)")) && bytes.Contains(line, []byte(" "+dir+"/")) {
				return true
			}
			text = after
		}
		if rest = copy(buffer[:], text); rest == len(buffer) {
			return true // only a run makes paths of that length, and the end of this one is unknown
		}
	}
}

// readFile reads the beginning of a file into buffer.
func readFile(path string, buffer []byte) ([]byte, bool) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buffer)
	if err != nil || n <= 0 {
		return nil, false
	}
	return buffer[:n], true
}
