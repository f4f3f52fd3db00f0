package executor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
)

func TestExecutorSilentWorkerIsReplaced(t *testing.T) {
	r := startExecutor(t, nil)
	all := r.launch(context.Background(), 4, "sleep 0.3")
	r.eventually(r.busy, 4) // both workers have busy slots
	all.wait.Wait()
	pid := r.workers()[0]
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.eventually(func() int { return int(r.metric("executor_worker_restarts_total", "reason", "silent")) }, 1)
	r.eventually(func() int { return len(r.workers()) }, 2)
	// More submissions than the other worker has slots, so that the replacement runs some of them.
	if diff := cmp.Diff(map[string]int{"OK": 8}, r.launch(context.Background(), 8, "sleep 0.1").kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

func TestExecutorWithoutWorkersIsNotReady(t *testing.T) {
	r := startExecutor(t, func(s *testSettings) {
		s.Unready, s.Options.WorkerCommand, s.Options.QueueWait = true, []string{"/bin/false"}, 100*time.Millisecond
	})
	g := gomega.NewWithT(t)
	g.Eventually(func() string {
		status, body, err := r.get(api.PathReadyz)
		if err != nil || status != http.StatusServiceUnavailable {
			return ""
		}
		return string(body)
	}).WithTimeout(30 * time.Second).Should(gomega.ContainSubstring("exit status 1"))
	if a := r.submit(context.Background(), "echo"); a.kind() != "503 queue_timeout" {
		t.Errorf("answer is %s", a.kind())
	}
	r.signal(syscall.SIGTERM)
	if code := r.exitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestExecutorDeathLeavesNothingRunning(t *testing.T) {
	r := startExecutor(t, nil)
	f := r.launch(context.Background(), 4, "sleep 50 & sleep 51")
	r.eventually(r.busy, 4)
	workers := r.workers()
	var all []int
	r.eventually(func() int {
		all = append([]int{}, workers...)
		shells := 0
		for _, w := range workers {
			runs := children(t, w)
			shells += len(runs)
			all = append(all, runs...)
			for _, run := range runs {
				all = append(all, children(t, run)...)
			}
		}
		return len(all) - len(workers) - shells
	}, 8)
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	f.wait.Wait()
	for _, pid := range all {
		r.eventually(func() int { return alive(pid) }, 0)
	}
}

// alive returns 0 for a process that has ended, also before it is reaped, and 1 otherwise.
func alive(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || bytes.Contains(stat, []byte(") Z ")) {
		return 0
	}
	return 1
}

func TestExecutorLargeInputDelaysNoOtherSubmission(t *testing.T) {
	r := startExecutor(t, nil)
	const size = 8 << 20
	request := &api.Request{Language: "shell", Source: "wc -c", Stdin: strings.Repeat("0123456\n", size/8)}
	c, large := r.newClient(), make(chan string, 1)
	go func() {
		result, err := c.Execute(context.Background(), request)
		if err != nil {
			large <- err.Error()
			return
		}
		large <- strings.TrimSpace(result.Runs[0].Stdout)
	}()
	if diff := cmp.Diff(map[string]int{"OK": 50}, r.launch(context.Background(), 50, "echo small").kinds()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got := <-large; got != "8388608" {
		t.Errorf("the program counted %s bytes, want %d", got, size)
	}
}
