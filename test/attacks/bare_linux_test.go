package attacks

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExecutorOnThisMachine attacks a real executor, started as it is in a pod but for the pod.
func TestExecutorOnThisMachine(t *testing.T) {
	for name, tc := range map[string]struct {
		tier    string
		command []string
	}{
		"Restricted":               {"Restricted", []string{executorProgram}},
		"Namespaced":               {"Namespaced", []string{executorProgram}},
		"Namespaced, unprivileged": {"Namespaced", unprivileged()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("EXECUTOR_MAXIMUM_TIER", tc.tier)
			survives(t, tc.tier, tc.command)
		})
	}
}

// survives starts an executor, attacks it, and looks for what is left.
func survives(t *testing.T, tier string, command []string) {
	scratch := scratchDir(t)
	before := machineWide(t)
	executor, url := start(t, scratch, tier, command...)
	becomesReady(t, url)

	Drive(t, Executor{Slots: 4, Tier: tier, URL: url})

	workers := children(t, executor)
	if len(workers) != 2 {
		t.Errorf("the executor has the children %v, want its 2 workers", workers)
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
	if diff := cmp.Diff(before, machineWide(t)); diff != "" {
		t.Errorf("what lies about in the machine has changed (-before +after):\n%s", diff)
	}
}

// machineWide is what a run could leave outside its directory.
func machineWide(t *testing.T) map[string][]string {
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
			// Others use these folders too; what an attack leaves says so.
			if strings.Contains(e.Name(), "escaped") {
				found[dir] = append(found[dir], e.Name())
			}
		}
	}
	return found
}

// children lists a process's children, whichever thread made them.
func children(t *testing.T, pid int) []int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, word := range strings.Fields(string(content)) {
			var child int
			if _, err := fmt.Sscan(word, &child); err != nil {
				t.Fatal(err)
			}
			all = append(all, child)
		}
	}
	slices.Sort(all)
	return all
}
