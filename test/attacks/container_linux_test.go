package attacks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"executorpool.dev/executor/settings"
)

// group is a memory control group for one executor, as a container has it.
type group struct{ dir string }

// groupRoot is where memory groups are made: the mount of the memory controller of cgroup v1, or
// that of cgroup v2.
func groupRoot() (dir string, v2 bool) {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "/sys/fs/cgroup", true
	}
	return "/sys/fs/cgroup/memory", false
}

// newGroup makes a group with a limit of memoryMiB, and removes it when the test has ended. Only root
// may do so; without a group, executors run the attacks that need none.
func newGroup(t *testing.T, memoryMiB int64) *group {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	root, v2 := groupRoot()
	dir, err := os.MkdirTemp(root, "executorpool-test-")
	if err != nil {
		t.Fatal(err)
	}
	g := &group{dir}
	limit := strconv.FormatInt(memoryMiB<<20, 10)
	if v2 {
		// The controller may be on already.
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+memory"), 0)
		g.write(t, "memory.max", limit)
		g.write(t, "memory.oom.group", "1")
	} else {
		g.write(t, "memory.limit_in_bytes", limit)
	}
	t.Cleanup(func() {
		if err := os.Remove(dir); err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *group) write(t *testing.T, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

// kills returns the number of processes in the group that the kernel has killed for want of memory.
func (g *group) kills(t *testing.T) int {
	t.Helper()
	for _, name := range []string{"memory.events", "memory.oom_control"} {
		content, err := os.ReadFile(filepath.Join(g.dir, name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if value, found := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); found {
				n, err := strconv.Atoi(value)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
		}
	}
	t.Fatalf("the group %s counts no kills", g.dir)
	return 0
}

// enter is the launcher's argument before the directory of a group and a command.
const enter = "enter-group"

// command returns the command that runs another one in the group; a nil group changes nothing.
func (g *group) command(command []string) []string {
	if g == nil {
		return command
	}
	return append([]string{os.Args[0], enter, g.dir}, command...)
}

func execInGroup(args []string) error {
	own := []byte(strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(filepath.Join(args[0], "cgroup.procs"), own, 0); err != nil {
		return fmt.Errorf("enter the control group: %w", err)
	}
	return syscall.Exec(args[1], args[1:], os.Environ())
}

// neededMemory returns the memory in MiB of an executor that start starts.
func neededMemory() int64 {
	s := settings.Default()
	s.Workers, s.Threads, s.DiskMiB = 2, 2, 16
	return s.Memory().Total
}

// scratchDir creates a directory that every user can write, on a tmpfs of its own like a pod's
// scratch volume; without root, on the tmpfs of the machine.
func scratchDir(t *testing.T) string {
	t.Helper()
	scratch, err := os.MkdirTemp("/dev/shm", "scratch-")
	if err == nil && os.Geteuid() == 0 {
		err = syscall.Mount("tmpfs", scratch, "tmpfs", 0, fmt.Sprintf("mode=0777,size=%dm", scratchMiB()))
	}
	if err == nil {
		err = os.Chmod(scratch, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if os.Geteuid() == 0 {
			err = syscall.Unmount(scratch, syscall.MNT_DETACH)
		}
		if err := errors.Join(err, os.RemoveAll(scratch)); err != nil {
			t.Error(err)
		}
	})
	return scratch
}

func scratchMiB() int64 {
	s := settings.Default()
	s.Workers, s.Threads, s.DiskMiB = 2, 2, 16
	return s.Memory().Scratch
}
