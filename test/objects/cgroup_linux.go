package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cgroupRoot is where the kernel's control groups are mounted.
const cgroupRoot = "/sys/fs/cgroup"

// cgroup is a control group of the fuzzer's own: one directory of v2, or one for memory and one for
// processes of v1.
type cgroup struct {
	v2           bool
	memory, pids string // directories; the same for v2
}

// newCgroup creates a control group with limits, as the kubelet does for a container.
func newCgroup(name string, memoryMiB, pids int64) (*cgroup, error) {
	c := &cgroup{}
	_, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if c.v2 = err == nil; c.v2 {
		c.memory = filepath.Join(cgroupRoot, name)
		c.pids = c.memory
		// The controllers may be enabled already, or a process of the root group may prevent it; the
		// files below are then missing.
		_ = os.WriteFile(filepath.Join(cgroupRoot, "cgroup.subtree_control"), []byte("+memory +pids"), 0o644)
	} else {
		c.memory, c.pids = filepath.Join(cgroupRoot, "memory", name), filepath.Join(cgroupRoot, "pids", name)
	}
	for _, dir := range []string{c.memory, c.pids} {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("create a control group: %w", err)
		}
	}
	limit := strconv.FormatInt(memoryMiB<<20, 10)
	if c.v2 {
		err = errors.Join(c.write(c.memory, "memory.max", limit), c.write(c.memory, "memory.oom.group", "1"))
	} else {
		// Newer kernels always use the hierarchy and refuse the file.
		_ = c.write(c.memory, "memory.use_hierarchy", "1")
		err = c.write(c.memory, "memory.limit_in_bytes", limit)
	}
	return c, errors.Join(err, c.write(c.pids, "pids.max", strconv.FormatInt(pids, 10)))
}

func (c *cgroup) write(dir, file, value string) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644)
}

// read returns the number in a file of the memory controller. A key selects a line "key number".
func (c *cgroup) read(file, key string) int64 {
	content, err := os.ReadFile(filepath.Join(c.memory, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if key == "" && len(fields) == 1 || len(fields) == 2 && fields[0] == key {
			n, _ := strconv.ParseInt(fields[len(fields)-1], 10, 64)
			return n
		}
	}
	return 0
}

// kills returns the number of processes that the kernel has killed for the memory of the group.
func (c *cgroup) kills() int64 {
	if c.v2 {
		return c.read("memory.events", "oom_kill")
	}
	return c.read("memory.oom_control", "oom_kill")
}

// used returns the memory of the group in bytes, and the highest one. Older kernels with v2 do not
// keep the highest one.
func (c *cgroup) used() (current, peak int64) {
	if c.v2 {
		return c.read("memory.current", ""), c.read("memory.peak", "")
	}
	return c.read("memory.usage_in_bytes", ""), c.read("memory.max_usage_in_bytes", "")
}

// reclaim frees what the kernel can free, and returns the memory of the group that is left.
func (c *cgroup) reclaim() int64 {
	current, _ := c.used()
	// Both fail when less than everything can be freed, which is always so.
	if c.v2 {
		_ = c.write(c.memory, "memory.reclaim", strconv.FormatInt(current, 10))
	} else {
		_ = c.write(c.memory, "memory.force_empty", "0")
	}
	current, _ = c.used()
	return current
}

// processes returns the ids of all processes of the group.
func (c *cgroup) processes() ([]int, error) {
	content, err := os.ReadFile(filepath.Join(c.memory, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var pids []int
	for line := range bytes.Lines(content) {
		pid, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// empty kills all processes of the group, as at the end of a container, within 10 s.
func (c *cgroup) empty() error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		pids, err := c.processes()
		if err != nil || len(pids) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of the control group cannot be killed", pids)
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// remove removes the group with its processes.
func (c *cgroup) remove() error {
	if err := c.empty(); err != nil {
		return err
	}
	err := os.Remove(c.memory)
	if c.pids != c.memory {
		err = errors.Join(err, os.Remove(c.pids))
	}
	return err
}
