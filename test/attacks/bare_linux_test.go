package attacks

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
)

// TestExecutorOnThisMachine attacks a real executor, started as it is in a pod but for the pod.
func TestExecutorOnThisMachine(t *testing.T) {
	scratch, err := os.MkdirTemp("/dev/shm", "scratch-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(scratch) })
	before := machineWide(t)
	executor, url := start(t, scratch, "Restricted", executorProgram)
	g := gomega.NewWithT(t)
	g.Eventually(func() (int, error) { status, _, err := get(url + "/readyz"); return status, err }).
		WithTimeout(30 * time.Second).Should(gomega.Equal(http.StatusOK))

	Drive(t, Executor{Slots: 4, Tier: "Restricted", Execute: Post(url)})

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
			// Others use these folders too; what an attack leaves is called like its program or says so.
			if strings.Contains(e.Name(), "escaped") || strings.Contains(e.Name(), "attack") {
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
