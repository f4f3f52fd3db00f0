package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/sandbox/spawn"
	"golang.org/x/sys/unix"
)

// attackProgram is the compiled test/attacks/testdata/attack.c.
var attackProgram []byte

func TestMain(m *testing.M) {
	code, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func testMain(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "attack-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "attack")
	out, err := exec.Command("gcc", "-O1", "-w", "-static", "-pthread", "-o", program, "../../test/attacks/testdata/attack.c").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("compile test/attacks/testdata/attack.c: %w: %s", err, out)
	}
	if attackProgram, err = os.ReadFile(program); err != nil {
		return 0, err
	}
	if err := Init(); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

func testLimits() Limits {
	return Limits{CPU: time.Second, Wall: 30 * time.Second, Memory: 128 << 20, Output: 64 << 10, Processes: 16, Disk: 8 << 20}
}

// newSlot creates a slot with the attack program in its store.
func newSlot(t testing.TB, tier Tier) *Slot {
	t.Helper()
	return newSlotIn(t, t.TempDir(), SlotConfig{Tier: tier})
}

func newSlotIn(t testing.TB, dir string, config SlotConfig) *Slot {
	t.Helper()
	config.Dir = dir
	s, err := NewSlot(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.Write("attack", attackProgram, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func attackSpec(s *Slot, args ...string) Spec {
	return Spec{Path: s.Store.Path() + "/attack", Args: append([]string{"attack"}, args...), Limits: testLimits()}
}

// mustRun runs spec and checks that no process and no file is left.
func mustRun(t testing.TB, s *Slot, spec Spec) Result {
	t.Helper()
	r, err := s.Run(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	noChildren(t)
	if err := s.Box.Empty(time.Now().Add(10 * time.Second)); err != nil {
		t.Error(err)
	}
	residue, err := os.ReadDir(s.Box.Path())
	if err != nil || len(residue) > 0 {
		t.Errorf("box holds %v (%v), want nothing", residue, err)
	}
	return r
}

// noChildren fails if this process, the subreaper, has any child left, dead or alive.
func noChildren(t testing.TB) {
	t.Helper()
	pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
	if !errors.Is(err, unix.ECHILD) {
		t.Errorf("wait for any child: pid %d, error %v; want no child", pid, err)
	}
}

func openFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestRunsReadLikeEverybody reads the I/O priority of a run: the idle class is for the CPU only.
func TestRunsReadLikeEverybody(t *testing.T) {
	s := newSlot(t, Restricted)
	err := s.On(func() {
		pipes, err := openPipes(nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer pipes.close()
		command := &spawn.Command{Token: s.token, RulesetFD: -1, Dir: s.Box.FD(), Files: pipes.child}
		if err := command.Prepare("/bin/sleep", []string{"sleep", "60"}, nil, nil); err != nil {
			t.Error(err)
			return
		}
		child, err := command.Start()
		if err != nil {
			t.Error(err)
			return
		}
		defer child.Close()
		var got uintptr
		var errno unix.Errno
		onUnrestrictedThread(func() { got, _, errno = unix.Syscall(unix.SYS_IOPRIO_GET, ioprioWhoProcess, uintptr(child.PID), 0) })
		if errno != 0 || got != ioprioBestEffort {
			t.Errorf("the run's disk priority is %#x (%v), want %#x", got, errno, ioprioBestEffort)
		}
		if err := unix.Kill(-child.PID, unix.SIGKILL); err != nil {
			t.Error(err)
		}
		if _, err := unix.Wait4(child.PID, nil, unix.WALL, nil); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRunIsNotInterruptedForEachLine runs a program that flushes each line. The slot's thread must
// not wake for each.
func TestRunIsNotInterruptedForEachLine(t *testing.T) {
	const lines = 20_000
	s := newSlot(t, Restricted)
	script := fmt.Sprintf("i=0; while [ $i -lt %d ]; do echo x; i=$((i + 1)); done", lines)
	var result Result
	var failed error
	var before, after unix.Rusage
	err := s.On(func() {
		failed = errors.Join(failed, unix.Getrusage(unix.RUSAGE_THREAD, &before))
		var err error
		result, err = s.Run(t.Context(), Spec{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Limits: testLimits()})
		failed = errors.Join(failed, err, unix.Getrusage(unix.RUSAGE_THREAD, &after))
	})
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("x\n", lines); string(result.Stdout) != want || result.ExitCode != 0 {
		t.Errorf("%d bytes of output, exit code %d, %q; want all %d lines", len(result.Stdout), result.ExitCode, result.Cause, lines)
	}
	if waits := after.Nvcsw - before.Nvcsw; waits > lines/20 {
		t.Errorf("the slot's thread waited %d times for %d lines", waits, lines)
	}
}
