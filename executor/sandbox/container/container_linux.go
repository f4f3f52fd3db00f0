package container

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"executorpool.dev/executor/sandbox/procfs"
	"golang.org/x/sys/unix"
)

// Container is the memory control group of this container. It is safe for concurrent use.
type Container struct {
	dir   *os.File
	files files
}

// files are the names of the files of one version of control groups.
type files struct{ used, limit, stat, kernel string }

var (
	filesV1 = files{used: "memory.usage_in_bytes", limit: "memory.limit_in_bytes", stat: "memory.stat", kernel: "memory.kmem.usage_in_bytes"}
	filesV2 = files{used: "memory.current", limit: "memory.max", stat: "memory.stat"}
)

// ErrShared means that the group has processes besides the executor and its ancestors, as on a
// machine without containers. What it uses then says nothing about the runs.
var ErrShared = errors.New("the memory control group is shared with other programs")

// Open opens the group of this process.
func Open() (*Container, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("find the memory control group: %w", err)
	}
	for _, dir := range candidates(string(text)) {
		file, err := os.Open(dir)
		if err != nil {
			continue
		}
		c := &Container{dir: file}
		if c.detect() != nil {
			file.Close()
			continue
		}
		if err := c.exclusive(); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return c, nil
	}
	return nil, errors.New("find the memory control group: no directory below /sys/fs/cgroup has its files")
}

// candidates returns the directories in which the group of the content of /proc/PID/cgroup can be
// mounted, the most specific ones first. In a container the mount begins at the group itself.
func candidates(cgroup string) []string {
	var dirs []string
	for line := range strings.Lines(cgroup) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch {
		case slices.Contains(strings.Split(fields[1], ","), "memory"):
			dirs = append(dirs, filepath.Join("/sys/fs/cgroup/memory", fields[2]), "/sys/fs/cgroup/memory")
		case fields[0] == "0" && fields[1] == "":
			dirs = append(dirs, filepath.Join("/sys/fs/cgroup", fields[2]), "/sys/fs/cgroup")
		}
	}
	return dirs
}

// Inherit returns the group whose directory this process has inherited as descriptor fd.
func Inherit(fd uintptr) (*Container, error) {
	c := &Container{dir: os.NewFile(fd, "cgroup")}
	unix.CloseOnExec(int(fd))
	if err := c.detect(); err != nil {
		return nil, errors.Join(err, c.dir.Close())
	}
	return c, nil
}

// Dir returns the directory of the group, for Inherit.
func (c *Container) Dir() *os.File { return c.dir }

// detect finds the version of the group's files.
func (c *Container) detect() error {
	var err error
	for _, c.files = range []files{filesV2, filesV1} {
		if _, err = c.read(c.files.used); err == nil {
			return nil
		}
	}
	return err
}

// exclusive returns ErrShared if the group has processes besides this one and its ancestors.
func (c *Container) exclusive() error {
	list, err := c.read("cgroup.procs")
	if err != nil {
		return err
	}
	own := []int{os.Getpid()}
	for pid := os.Getppid(); pid > 0 && len(own) < 64; {
		own = append(own, pid)
		stat, err := procfs.ReadStat(pid)
		if err != nil {
			break
		}
		pid = stat.Parent
	}
	members, err := procfs.ParseChildren(list)
	if err != nil {
		return err
	}
	for _, pid := range members {
		if !slices.Contains(own, pid) {
			return ErrShared
		}
	}
	return nil
}

// Usage is the memory of the group in bytes.
type Usage struct {
	// Used is all memory, with file caches that the kernel can take back.
	Used int64
	// Pinned is Used without those caches and without kernel objects that the kernel can take back,
	// such as directory entries. The kernel ends the container when Pinned reaches Limit. With cgroup
	// v1, which does not tell those objects from others, it has no kernel objects.
	Pinned int64
	// Kernel is the memory of kernel objects: page tables, stacks, buffers of pipes and sockets. With
	// cgroup v1 it includes cached directory entries.
	Kernel int64
	// Limit is the largest Used; 0 means that there is no limit.
	Limit int64
}

// Read reads the usage. It takes 0.1 ms at most, and no lock that a run can hold.
func (c *Container) Read() (Usage, error) {
	var u Usage
	var err error
	if u.Used, err = c.number(c.files.used); err != nil {
		return Usage{}, err
	}
	// No number means "max", and a number above 2^60 is how cgroup v1 spells it.
	if limit, err := c.number(c.files.limit); err == nil && limit < 1<<60 {
		u.Limit = limit
	}
	stat, err := c.read(c.files.stat)
	if err != nil {
		return Usage{}, err
	}
	values := parseStat(stat)
	u.Pinned = max(0, u.Used-values["active_file"]-values["inactive_file"]-values["slab_reclaimable"])
	u.Kernel = values["kernel"] - values["slab_reclaimable"]
	if _, ok := values["kernel"]; !ok { // before Linux 5.18
		u.Kernel = max(0, u.Used-values["anon"]-values["file"]-values["slab_reclaimable"])
	}
	if c.files.kernel != "" {
		u.Pinned = values["rss"] + values["shmem"]
		if u.Kernel, err = c.number(c.files.kernel); err != nil {
			return Usage{}, err
		}
	}
	return u, nil
}

// parseStat returns the values of memory.stat by name.
func parseStat(text []byte) map[string]int64 {
	values := map[string]int64{}
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if n, ok := procfs.ParseDecimal(value); ok {
			values[string(name)] = n
		}
	}
	return values
}

func (c *Container) number(name string) (int64, error) {
	text, err := c.read(name)
	if err != nil {
		return 0, err
	}
	n, ok := procfs.ParseDecimal(bytes.TrimSpace(text))
	if !ok {
		return 0, fmt.Errorf("read %s: %.40q is not a number", name, text)
	}
	return n, nil
}

func (c *Container) read(name string) ([]byte, error) {
	fd, err := unix.Openat(int(c.dir.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s of the memory control group: %w", name, err)
	}
	defer unix.Close(fd)
	var content []byte
	var buffer [8 << 10]byte
	for {
		n, err := unix.Read(fd, buffer[:])
		if err != nil {
			return nil, fmt.Errorf("read %s of the memory control group: %w", name, err)
		}
		if n == 0 {
			return content, nil
		}
		content = append(content, buffer[:n]...)
	}
}
