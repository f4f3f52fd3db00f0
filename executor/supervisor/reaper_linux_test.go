package supervisor

import (
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
