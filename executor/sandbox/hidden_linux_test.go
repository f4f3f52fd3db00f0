package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/sandbox/container"
	"executorpool.dev/test/attacks"
	"golang.org/x/sys/unix"
)

// TestHiddenAttackSucceedsWithoutItsProtection removes from each hidden attack the protection that
// stops it.
func TestHiddenAttackSucceedsWithoutItsProtection(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hidden")
	out, err := exec.Command("gcc", "-O1", "-w", "-static", "-pthread", "-o", program, "../../test/attacks/testdata/hidden.c").CombinedOutput()
	if err != nil {
		t.Fatalf("compile test/attacks/testdata/hidden.c: %v: %s", err, out)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, attack := range attacks.HiddenAttacks() {
		isRefused := attack.Stdout == "refused\n"
		if attack.Verdict == "OK" && !isRefused {
			continue // an honest neighbor
		}
		t.Run(attack.Name, func(t *testing.T) {
			protection, size := TreeLimits, "100"
			switch {
			case strings.HasPrefix(attack.Name, "lost-"):
				size = "1"
			case attack.Name == "clone-storm", attack.Name == "fork-storm":
				size = "60"
			case attack.Name == "hold-lock":
				protection = WallClock
			case isRefused:
				protection = CallFilter
			}
			for _, without := range []Protection{0, protection} {
				r := runHidden(t, attack, content, size, without)
				// Some limits show at the end of the run as well, when it is too late.
				stopped := strings.Contains(r.Cause, attack.Cause) && strings.Contains(r.Cause, "killed by the executor")
				if isRefused {
					stopped = !strings.Contains(string(r.Stdout), attacks.Escaped)
				}
				if stopped != (without == 0) {
					t.Errorf("without protections %b: exceeded %q, cause %q, stdout %q", without, r.Exceeded, r.Cause, r.Stdout)
				}
			}
		})
	}
}

// runHidden runs the attack in a slot on a volume of its own and, if it needs one, in a container.
func runHidden(t *testing.T, attack attacks.Attack, program []byte, size string, without Protection) Result {
	t.Helper()
	scratch := memoryDir(t)
	if attack.NeedsContainer {
		if os.Geteuid() != 0 {
			t.Skip("only root can make a container for this attack")
		}
		watchOwnGroup(t)
		if err := unix.Mount("tmpfs", scratch, "tmpfs", 0, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(scratch, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	dir := filepath.Join(scratch, "w0s0")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSlotIn(t, dir, SlotConfig{Tier: Restricted, Without: without})
	if err := s.Store.Write("hidden", program, 0o500); err != nil {
		t.Fatal(err)
	}
	l := attack.Request.Limits
	limits := Limits{CPU: time.Duration(l.CPUMillis) * time.Millisecond, Wall: time.Duration(l.WallMillis) * time.Millisecond,
		Memory: l.MemoryMiB << 20, Output: 64 << 10, Processes: l.Processes, Disk: 16 << 20}
	// The end of the submission stops what no protection stops.
	ctx, cancel := context.WithTimeout(t.Context(), limits.Wall+time.Second)
	defer cancel()
	r, err := s.Run(ctx, Spec{Path: s.Store.Path() + "/hidden", Args: []string{"hidden", attack.Name, size}, Limits: limits,
		Reserve: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// watchOwnGroup moves this process into a memory control group, which the monitor then watches.
func watchOwnGroup(t *testing.T) {
	t.Helper()
	attacks.NewGroup(t, 4<<10).Enter(t)
	group, err := container.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := GuardContainer(group, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(GuardContainer(nil, ""), group.Dir().Close()); err != nil {
			t.Error(err)
		}
	})
}
