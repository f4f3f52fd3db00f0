package sandbox

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestRunsShareMemory holds the lock of the share. A run that reaches its share must then wait,
// whatever its wall limit, and go on to its end when the lock is free.
func TestRunsShareMemory(t *testing.T) {
	scratch := memoryDir(t)
	lock := filepath.Join(scratch, "wait")
	dir := filepath.Join(scratch, "w0s0")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSlotIn(t, dir, SlotConfig{Tier: Restricted, ShareLock: lock})
	spec := attackSpec(s, "alloc", "secret", "200") // 200 MiB in all
	spec.Limits.Memory, spec.Limits.Wall, spec.Share, spec.Reserve = 1<<30, 10*time.Second, 16<<20, 1<<30
	spec.Limits.CPU = 20 * time.Second

	begun := time.Now()
	r := mustRun(t, s, spec)
	alone := time.Since(begun)
	if r.Exceeded != "" {
		t.Fatalf("alone: %+v", r)
	}
	file, err := unix.Open(lock, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("a run above its share did not make the lock: %v", err)
	}
	defer unix.Close(file)
	if err := unix.Flock(file, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatalf("a run that has ended keeps its lock: %v", err)
	}
	const pause = time.Second
	time.AfterFunc(pause, func() { _ = unix.Flock(file, unix.LOCK_UN) })
	spec.Limits.Wall = max(2*alone, pause/2)
	if waited := mustRun(t, s, spec); waited.Exceeded != r.Exceeded || waited.ExitCode != r.ExitCode || waited.Wall < pause {
		t.Errorf("after a pause of %s: %+v; alone %+v", pause, waited, r)
	}
}
