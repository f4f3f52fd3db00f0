package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/sandbox/usage"
	"golang.org/x/sys/unix"
)

// TestAttackSucceedsWithoutItsProtection takes from each attack the part of the sandbox that stops it, and must then see it
// succeed, or be stopped later by another part. Attacks that nothing else would bound are here in a form that ends by
// itself: fork-some for fork-bomb, signal-others for kill-all.
func TestAttackSucceedsWithoutItsProtection(t *testing.T) {
	type seen struct {
		exceeded Limit
		signal   string
		escaped  bool
		left     bool // processes live on
		late     bool // found out at the end, when nothing was left to stop
	}
	killed := func(limit Limit) seen { return seen{exceeded: limit, signal: "SIGKILL"} }
	for way, tc := range map[string]struct {
		without Protection
		limits  func(*Limits)
		with    seen
		off     seen
	}{
		"spin":          {TreeLimits | ResourceLimits, someWall, killed(CPULimit), seen{exceeded: CPULimit, signal: "SIGKILL", late: true}},
		"spin-threads":  {TreeLimits | ResourceLimits, someWall, killed(CPULimit), seen{exceeded: CPULimit, signal: "SIGKILL", late: true}},
		"spin-children": {TreeLimits | ResourceLimits, someWall, killed(CPULimit), seen{exceeded: CPULimit, signal: "SIGKILL", late: true}},
		"spin-reaped":   {TreeLimits, someWall, killed(CPULimit), seen{exceeded: CPULimit, signal: "SIGKILL", late: true}},
		"vfork-loop":    {TreeLimits, someWall, killed(CPULimit), seen{exceeded: CPULimit, signal: "SIGKILL", late: true}},
		"sleep":         {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"deaf":          {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"stop-self":     {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"stop-group":    {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"close-out":     {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"drip":          {WallClock, shortWall, killed(WallLimit), killed(Cancelled)},
		"fork-some":     {TreeLimits, nil, killed(ProcessLimit), seen{}},
		"thread-some":   {TreeLimits, nil, killed(ProcessLimit), seen{}},
		"double-fork":   {TreeKill, nil, seen{}, seen{left: true}},
		"leave-group":   {CallFilter, nil, seen{}, seen{escaped: true, left: true}},
		"signal-others": {FileRules, nil, seen{}, seen{escaped: true}},

		"alloc-children": {TreeLimits, func(l *Limits) { longCPU(l); someWall(l) }, killed(MemoryLimit), killed(WallLimit)},
		"alloc-fifty":    {TreeLimits, func(l *Limits) { l.Processes = 64; longCPU(l); someWall(l) }, killed(MemoryLimit), killed(WallLimit)},
		"alloc-shared":   {CallFilter, nil, seen{}, seen{escaped: true}},
		"alloc-memfd":    {CallFilter, nil, seen{}, seen{escaped: true}},
		"alloc-file":     {ResourceLimits | TreeLimits, nil, seen{exceeded: DiskLimit, signal: "SIGXFSZ"}, seen{}},
		"flood-err":      {OutputBound, nil, killed(OutputLimit), killed(CPULimit)},
		"many-files":     {TreeLimits, longWall, killed(DiskLimit), killed(WallLimit)},
		"many-bytes":     {TreeLimits, longWall, killed(DiskLimit), killed(WallLimit)},
		"unlinked":       {TreeLimits, longWall, killed(DiskLimit), killed(WallLimit)},
		"read-others":    {FileRules, nil, seen{}, seen{escaped: true}},
		"reach-out":      {CallFilter, nil, seen{}, seen{escaped: true}},
	} {
		t.Run(way, func(t *testing.T) {
			for without, want := range map[Protection]seen{0: tc.with, tc.without: tc.off} {
				s := newSlotIn(t, memoryDir(t), SlotConfig{Tier: Restricted, Without: without})
				secret := filepath.Join(t.TempDir(), "another's")
				if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
					t.Fatal(err)
				}
				spec := attackSpec(s, way, secret)
				spec.Limits.CPU = 200 * time.Millisecond
				if tc.limits != nil {
					tc.limits(&spec.Limits)
				}
				// What nothing stops any more, the end of the submission does.
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				r, err := s.Run(ctx, spec)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				got := seen{r.Exceeded, r.Signal, strings.Contains(string(r.Stdout), "ESCAPED"), endChildren(t),
					r.Exceeded != "" && !strings.Contains(r.Cause, "killed by")}
				if got != want {
					t.Errorf("without protections %b: %+v (cause %q, stdout %.200q), want %+v", without, got, r.Cause, r.Stdout, want)
				}
				if err := s.Clean(true, time.Now().Add(30*time.Second)); err != nil {
					t.Error(err)
				}
				for _, path := range []string{"/tmp/escaped", "/dev/shm/escaped"} {
					_ = os.Remove(path)
				}
			}
		})
	}
}

// memoryDir is a directory on tmpfs, as a pod's scratch is.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "slot-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// someWall lets a run have its CPU time on a machine that has other work too.
func someWall(l *Limits) { l.Wall = 1500 * time.Millisecond }

func longWall(l *Limits) { l.CPU, l.Wall = 20*time.Second, 3*time.Second }

// endChildren ends what a run has left and tells whether there was anything. What it left are this process's children.
func endChildren(t *testing.T) (left bool) {
	t.Helper()
	scanner, err := usage.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
		if errors.Is(err, unix.ECHILD) {
			return left
		}
		left = true
		if err == nil && pid == 0 {
			children, ok := scanner.Children(os.Getpid())
			if !ok {
				t.Fatal("cannot list the processes that were left")
			}
			for _, child := range children {
				_ = unix.Kill(child, unix.SIGKILL)
			}
		}
	}
	t.Fatal("processes that were left do not end")
	return left
}
