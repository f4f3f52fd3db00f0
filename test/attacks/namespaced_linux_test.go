package attacks

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
	"executorpool.dev/test/cases"
)

// TestLanguagesJudgeTheirCasesInNamespaces runs the cases of every language in a root that holds
// only the configured paths.
func TestLanguagesJudgeTheirCasesInNamespaces(t *testing.T) {
	t.Setenv("EXECUTOR_MEMORY_MIB", "256")
	_, url := start(t, scratchDir(t), "Namespaced", unprivilegedCommand()...)
	waitForReady(t, url)
	for _, c := range cases.All() {
		t.Run(c.Language+"/"+c.Name, func(t *testing.T) {
			result, err := Executor{URL: url}.Execute(t.Context(), c.Request)
			if err != nil {
				t.Fatal(err)
			}
			stdout := ""
			if len(result.Runs) == 1 {
				stdout = result.Runs[0].Stdout
			}
			if result.Verdict != c.Verdict || c.Stdout != "" && stdout != c.Stdout || result.Tier != "Namespaced" {
				t.Errorf("verdict %s, want %s; result %+v, compiled %+v", result.Verdict, c.Verdict, result, result.Compile)
			}
		})
	}
}

// TestMaskedProcessTableMeansALowerTier covers a part of /proc, as container runtimes do. The
// kernel then refuses a new process table, and the executor must use a lower tier and report why.
func TestMaskedProcessTableMeansALowerTier(t *testing.T) {
	command := []string{"unshare", "--mount", "sh", "-c", `mount --bind /proc/sys /proc/sys && exec "$@"`, "sh", executorProgram}
	_, url := start(t, scratchDir(t), "Restricted", command...)
	waitForReady(t, url)
	readiness, err := readiness(url)
	want := "Namespaced: in namespaces of its own: mount a process table of its own: operation not permitted"
	if err != nil || readiness.Tier != "Restricted" || !strings.Contains(readiness.TierReason, want) {
		t.Errorf("/readyz answers %+v (%v), want tier Restricted and %q", readiness, err, want)
	}
}

// TestDeadWorkerTakesItsRunsAlong kills and recycles workers that are the first process of their
// namespaces.
func TestDeadWorkerTakesItsRunsAlong(t *testing.T) {
	executor, url := start(t, scratchDir(t), "Namespaced", executorProgram)
	waitForReady(t, url)
	g := gomega.NewWithT(t)
	eventually := func(got func() int, want int) {
		t.Helper()
		g.Eventually(got).WithTimeout(20 * time.Second).Should(gomega.Equal(want))
	}
	runs := func() (count int) {
		for _, worker := range children(t, executor) {
			count += len(children(t, worker))
		}
		return count
	}
	before := children(t, executor)

	lost := make(chan error, 1)
	go func() {
		result, err := Executor{URL: url}.Execute(t.Context(), attacker("sleep"))
		if err == nil && (result.Verdict != api.InternalError || !strings.Contains(result.Cause, "killed")) {
			err = fmt.Errorf("got %+v, want InternalError and that the worker was killed", result)
		}
		lost <- err
	}()
	eventually(runs, 1)
	var run, worker int
	for _, w := range before {
		if c := children(t, w); len(c) == 1 {
			worker, run = w, c[0]
		}
	}
	if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-lost; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(run, 0); err != syscall.ESRCH {
		t.Errorf("the run of a dead worker: %v, want no such process", err)
	}
	eventually(func() int { return len(children(t, executor)) }, 2)

	old := children(t, executor)
	eventually(func() (replaced int) {
		// SIGHUP is repeated: a worker that is starting is not recycled.
		if err := syscall.Kill(executor, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for _, w := range children(t, executor) {
			if !slices.Contains(old, w) {
				replaced++
			}
		}
		return replaced
	}, 2)
	waitForReady(t, url)
	Executor{Slots: 4, Tier: "Namespaced", URL: url}.checkHonest(t)
}
