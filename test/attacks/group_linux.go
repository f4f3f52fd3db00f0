package attacks

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Group is a memory control group, as a container has it.
type Group struct{ Dir string }

// groupRoot is where memory groups are made: the mount of the memory controller of cgroup v1, or
// that of cgroup v2.
func groupRoot() (dir string, v2 bool) {
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		return "/sys/fs/cgroup", true
	}
	return "/sys/fs/cgroup/memory", false
}

// NewGroup makes a group with a limit of memoryMiB, and removes it when the test has ended. Only
// root may do so; without a group, executors run the attacks that need none.
func NewGroup(t testing.TB, memoryMiB int64) *Group {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	root, v2 := groupRoot()
	dir, err := os.MkdirTemp(root, "executorpool-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // the executor under attack is another user
	}
	if err != nil {
		t.Fatal(err)
	}
	g := &Group{dir}
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
		if err := removeGroup(dir); err != nil {
			t.Error(err)
		}
	})
	return g
}

func (g *Group) write(t testing.TB, name, value string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.Dir, name), []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

// Kills returns the number of processes in the group that the kernel has killed for want of memory.
func (g *Group) Kills(t testing.TB) int {
	t.Helper()
	for _, name := range []string{"memory.events", "memory.oom_control"} {
		content, err := os.ReadFile(filepath.Join(g.Dir, name))
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
	t.Fatalf("the group %s counts no kills", g.Dir)
	return 0
}

// removeGroup removes a group as soon as the kernel has released the processes that have ended.
func removeGroup(dir string) (err error) {
	for range 100 {
		if err = os.Remove(dir); !errors.Is(err, syscall.EBUSY) {
			return err
		}
		time.Sleep(10 * time.Millisecond) // the end of other processes cannot be awaited
	}
	return err
}

// Enter moves this process into the group until the test has ended.
func (g *Group) Enter(t testing.TB) {
	t.Helper()
	before, err := ownGroup()
	if err != nil {
		t.Fatal(err)
	}
	own := strconv.Itoa(os.Getpid())
	g.write(t, "cgroup.procs", own)
	t.Cleanup(func() { (&Group{before}).write(t, "cgroup.procs", own) })
}

// ownGroup returns the directory of the memory control group of this process.
func ownGroup() (string, error) {
	root, v2 := groupRoot()
	content, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if v2 && fields[0] == "0" || !v2 && fields[1] == "memory" {
			return filepath.Join(root, fields[2]), nil
		}
	}
	return "", errors.New("this process has no memory control group")
}
