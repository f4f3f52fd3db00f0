package attacks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"executorpool.dev/executor/sandbox/procfs"
)

// TestExecutorOnThisMachine attacks a real executor that is started as in a pod, but without a
// pod.
func TestExecutorOnThisMachine(t *testing.T) {
	for name, tc := range map[string]struct {
		tier    string
		command []string
	}{
		"Restricted":               {"Restricted", unprivilegedCommand()},
		"RestrictedLegacy":         {"RestrictedLegacy", unprivilegedCommand()},
		"Namespaced, unprivileged": {"Namespaced", unprivilegedCommand()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("EXECUTOR_MAXIMUM_TIER", tc.tier)
			runAgainst(t, tc.tier, tc.command)
		})
	}
}

// runAgainst starts an executor, attacks it, and looks for residue.
func runAgainst(t *testing.T, tier string, command []string) {
	scratch := scratchDir(t)
	before := hostState(t)
	container := NewGroup(t, neededMemory())
	executor, url := start(t, scratch, tier, commandInGroup(container, command)...)
	waitForReady(t, url)
	workers := children(t, executor)

	Run(t, Executor{Slots: 4, Tier: tier, URL: url, IsContainer: container != nil})

	if diff := cmp.Diff(workers, children(t, executor)); diff != "" || len(workers) != 2 {
		t.Errorf("the executor had the workers %v; now (-before +after):\n%s", workers, diff)
	}
	if container != nil && container.Kills(t) != 0 {
		t.Errorf("the kernel has killed %d processes for want of memory", container.Kills(t))
	}
	for _, worker := range workers {
		if left := children(t, worker); len(left) > 0 {
			t.Errorf("processes %v of runs are left", left)
		}
	}
	var left []string
	for _, pattern := range []string{"w*/box/*", "w*/box/.*", "w*/store/*", "w*/store/.*", "[^cw]*"} {
		found, err := filepath.Glob(filepath.Join(scratch, pattern))
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, found...)
	}
	if len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
	if diff := cmp.Diff(before, hostState(t)); diff != "" {
		t.Errorf("the state of the host has changed (-before +after):\n%s", diff)
	}
}

// hostState returns the objects outside of its directory that a run could leave.
func hostState(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, table := range []string{"shm", "sem", "msg"} {
		content, err := os.ReadFile("/proc/sysvipc/" + table)
		if err != nil {
			t.Fatal(err)
		}
		found[table] = strings.Split(string(content), "\n")[1:]
	}
	for _, dir := range []string{"/dev/shm", "/tmp"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			// Other programs use these directories too; the residue of an attack has this name.
			if strings.Contains(e.Name(), "escaped") {
				found[dir] = append(found[dir], e.Name())
			}
		}
	}
	return found
}

// children returns the children of all threads of a process, sorted. A process that is gone has
// none.
func children(t *testing.T, pid int) []int {
	t.Helper()
	var children []int
	gomega.NewWithT(t).Eventually(func() (err error) { // a thread that ends meanwhile is an error
		if _, err := procfs.ReadStat(pid); err != nil {
			children = nil
			return nil
		}
		children, err = procfs.Children(pid)
		return err
	}).Should(gomega.Succeed())
	slices.Sort(children)
	return children
}
