package supervisor

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseStatReadsParentAndGroup(t *testing.T) {
	for name, tc := range map[string]struct {
		stat          string
		parent, group int
		ok            bool
	}{
		"plain":             {"42 (sleep) S 7 41 40 0", 7, 41, true},
		"name with bracket": {"42 (a) S 1 (b)) R 7 41 40 0", 7, 41, true},
		"cut":               {"42 (sleep) S", 0, 0, false},
		"no name":           {"", 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			parent, group, ok := parseStat([]byte(tc.stat))
			if ok != tc.ok || ok && (parent != tc.parent || group != tc.group) {
				t.Errorf("got %d, %d, %t", parent, group, ok)
			}
		})
	}
}

func TestReaperKillsOrphansAndSparesWorkers(t *testing.T) {
	r, err := newReaper()
	if err != nil {
		t.Fatal(err)
	}
	worker := exec.Command("/bin/sleep", "60")
	worker.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := r.start(worker); err != nil {
		t.Fatal(err)
	}
	// The parent exits at once and leaves a child in its own group and session, as a killed worker
	// does.
	parent := exec.Command("/bin/sh", "-c", "setsid sh -c 'sleep 61 & sleep 61' >/dev/null 2>&1 & echo $!")
	out, err := parent.Output()
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if n := orphans(t, r); n == 0 {
		t.Fatal("there is no orphan")
	}
	if err := r.killOrphans(10 * time.Second); err != nil {
		t.Error(err)
	}
	if n := orphans(t, r); n != 0 {
		t.Errorf("%d orphans are alive", n)
	}
	if err := worker.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the worker has ended: %v", err)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.wait(worker); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the worker ended with %v", err)
	}
}

func TestChildrenListsThoseOfEveryThread(t *testing.T) {
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		t.Fatalf("this kernel lists no children: %v", err)
	}
	var want []int
	for range 3 {
		// Each goroutine keeps its thread, so that each child has another thread as its parent.
		pid, stop := childOfOwnThread(t)
		defer stop()
		want = append(want, pid)
	}
	for name, list := range map[string]func() ([]int, error){"children": children, "everybody": allProcesses} {
		got, err := list()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, pid := range want {
			if !slices.Contains(got, pid) {
				t.Errorf("%s lacks %d: %v", name, pid, got)
			}
		}
	}
}

func childOfOwnThread(t *testing.T) (pid int, stop func()) {
	t.Helper()
	started, release, ended := make(chan int), make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread() // until it ends
		cmd := exec.Command("/bin/sleep", "60")
		if err := cmd.Start(); err != nil {
			t.Error(err)
			close(started)
			return
		}
		started <- cmd.Process.Pid
		<-release
		_ = cmd.Process.Kill()
		ended <- cmd.Wait()
	}()
	pid, ok := <-started
	if !ok {
		t.FailNow()
	}
	return pid, func() {
		close(release)
		<-ended
	}
}

func orphans(t *testing.T, r *reaper) int {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	found, err := r.orphansLocked()
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

func TestBackoffGrowsAndResets(t *testing.T) {
	b := newBackoff(func() float64 { return 0 })
	for _, want := range []time.Duration{0, 100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		b.failures++
		if got := b.delay(); got != want*time.Millisecond {
			t.Errorf("after %d failures: %s, want %d ms", b.failures, got, want)
		}
	}
	if !b.ended(t.Context(), stableAfter) || b.failures != 1 {
		t.Errorf("a stable life leaves %d failures", b.failures)
	}
}
