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
	"executorpool.dev/test/attacks"
	"golang.org/x/sys/unix"
)

// outcome is the part of a run's result that depends on a protection.
type outcome struct {
	exceeded  Limit
	signal    string
	exit      int
	escaped   bool
	residue   bool // processes outlive the run
	afterExit bool // the exceeded limit was found after the run had ended
}

// proof is an attack, the protection that stops it, and its outcome with and without that
// protection.
type proof struct {
	attack     string
	protection Protection
	// count bounds an attack that nothing else ends without the protection; see
	// test/attacks/testdata/attack.c.
	count                  string
	limits                 func(*Limits)
	protected, unprotected outcome
	// escapes are the actions that must succeed without the protection.
	escapes []string
}

func proofs() []proof {
	killed := func(limit Limit) outcome { return outcome{exceeded: limit, signal: "SIGKILL", exit: -1} }
	lateCPU, lateMemory := outcome{exceeded: CPULimit, signal: "SIGKILL", exit: -1, afterExit: true}, outcome{exceeded: MemoryLimit, afterExit: true}
	out := outcome{escaped: true}
	manyProcesses := func(l *Limits) { l.Processes = 64; longCPU(l); someWall(l) }
	slowly := func(l *Limits) { longCPU(l); someWall(l) }
	toItsEnd := func(l *Limits) { longCPU(l); l.Wall = 20 * time.Second }
	return append(filterProofs(), []proof{
		{attack: "spin", protection: TreeLimits | ResourceLimits, limits: someWall, protected: killed(CPULimit), unprotected: lateCPU},
		{attack: "spin-threads", protection: TreeLimits | ResourceLimits, limits: someWall, protected: killed(CPULimit), unprotected: lateCPU},
		{attack: "spin-children", protection: TreeLimits | ResourceLimits, limits: someWall, protected: killed(CPULimit), unprotected: lateCPU},
		{attack: "spin-reaped", protection: TreeLimits, limits: someWall, protected: killed(CPULimit), unprotected: lateCPU},
		{attack: "vfork-loop", protection: TreeLimits, limits: slowWall, protected: killed(CPULimit), unprotected: lateCPU},

		{attack: "sleep", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},
		{attack: "deaf", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},
		{attack: "stop-self", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},
		{attack: "stop-group", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},
		{attack: "close-out", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},
		{attack: "drip", protection: WallClock, limits: shortWall, protected: killed(WallLimit), unprotected: killed(Cancelled)},

		{attack: "fork-bomb", protection: TreeLimits, count: "5", protected: killed(ProcessLimit)},
		{attack: "thread-bomb", protection: TreeLimits, count: "40", protected: killed(ProcessLimit)},
		{attack: "fork-some", protection: TreeLimits, protected: killed(ProcessLimit)},
		{attack: "thread-some", protection: TreeLimits, protected: killed(ProcessLimit)},
		{attack: "double-fork", protection: TreeKill, unprotected: outcome{residue: true}},
		{attack: "leave-lock", protection: TreeKill, unprotected: outcome{residue: true}},
		{attack: "leave-group", protection: CallFilter, unprotected: outcome{escaped: true, residue: true}, escapes: []string{"setsid", "setpgid"}},

		{attack: "signal-others", protection: FileRules, unprotected: out, escapes: []string{"signal to the first process", "signal to the executor"}},
		{attack: "stop-parent", protection: FileRules, count: "1", unprotected: out, escapes: []string{"stop of the executor"}},
		{attack: "kill-all", protection: FileRules, count: "1", unprotected: out, escapes: []string{"kill of the first processes", "kill of the executor",
			"tgkill of an executor's thread", "tkill of an executor's thread"}},

		{attack: "alloc", protection: TreeLimits, count: "400", limits: toItsEnd, protected: killed(MemoryLimit), unprotected: lateMemory},
		{attack: "alloc-mmap", protection: TreeLimits, count: "400", limits: toItsEnd, protected: killed(MemoryLimit), unprotected: lateMemory},
		{attack: "alloc-children", protection: TreeLimits, limits: slowly, protected: killed(MemoryLimit), unprotected: killed(WallLimit)},
		{attack: "alloc-fifty", protection: TreeLimits, limits: manyProcesses, protected: killed(MemoryLimit), unprotected: killed(WallLimit)},
		{attack: "alloc-shared", protection: CallFilter, limits: toItsEnd, unprotected: out, escapes: []string{"shared memory"}},
		{attack: "alloc-memfd", protection: CallFilter, limits: toItsEnd, unprotected: out, escapes: []string{"memfd"}},
		{attack: "stack", protection: ResourceLimits | TreeLimits, count: "60000", limits: toItsEnd, protected: outcome{signal: "SIGSEGV", exit: -1}, unprotected: lateMemory},

		{attack: "alloc-file", protection: ResourceLimits | TreeLimits, protected: outcome{exceeded: DiskLimit, signal: "SIGXFSZ", exit: -1}},
		{attack: "fallocate-many", protection: TreeLimits, limits: slowly, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "map-files", protection: TreeLimits, limits: slowly, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "many-files", protection: TreeLimits, limits: longWall, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "many-bytes", protection: TreeLimits, limits: longWall, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "unlinked", protection: TreeLimits, limits: longWall, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "deep-directories", protection: TreeLimits, limits: longWall, protected: killed(DiskLimit), unprotected: killed(WallLimit)},
		{attack: "flood", protection: OutputBound, count: "20", protected: killed(OutputLimit)},
		// flood-err writes a byte a call: 64 KiB take about the default CPU limit of these runs.
		{attack: "flood-err", protection: OutputBound, limits: slowly, protected: killed(OutputLimit), unprotected: killed(WallLimit)},

		{attack: "read-others", protection: FileRules, count: "1", limits: toItsEnd, unprotected: out, escapes: readableWithoutFileRules},
		{attack: "reach-out", protection: CallFilter, count: "1", limits: toItsEnd, unprotected: out, escapes: callsWithoutFilter()},
		{attack: "reach-out", protection: ResourceLimits, count: "1", limits: toItsEnd, unprotected: out, escapes: []string{"raising a limit"}},
	}...)
}

// TestAttackSucceedsWithoutItsProtection removes from each attack the protection that stops it. The
// attack must then succeed, or another protection must stop it later.
func TestAttackSucceedsWithoutItsProtection(t *testing.T) {
	for _, p := range proofs() {
		t.Run(p.attack, func(t *testing.T) {
			for protection, want := range map[Protection]outcome{0: p.protected, p.protection: p.unprotected} {
				got, result := p.run(t, protection)
				if got != want {
					t.Errorf("without protections %b: %+v (cause %q, stdout %.2000q), want %+v", protection, got, result.Cause, result.Stdout, want)
				}
				for _, what := range p.escapes {
					if line := attacks.Escaped + " " + what + "\n"; protection != 0 && !strings.Contains(string(result.Stdout), line) {
						t.Errorf("without protections %b it was not seen to escape by %q", protection, what)
					}
				}
			}
		})
	}
}

// TestEveryAttackIsProved fails for an attack without a proof.
func TestEveryAttackIsProved(t *testing.T) {
	proved := map[string]bool{
		// These end by themselves; the tests of causes cover them.
		"crash": true, "divide": true, "abort": true, "binary": true,
		"leave-mess": true, "empty-box": true, // see TestResidueIsFoundWithoutCleaning
	}
	for _, p := range proofs() {
		proved[p.attack] = true
	}
	for _, a := range attacks.ProgramAttacks() {
		if attack := a.Request.Args[0]; !proved[attack] {
			t.Errorf("attack %s was never seen to succeed: add it to the proofs", attack)
		}
	}
}

func (p proof) run(t *testing.T, protection Protection) (outcome, Result) {
	t.Helper()
	if protection&ResourceLimits != 0 {
		raiseStack(t)
	}
	// The slot has a neighbor, as in a pod.
	scratch := memoryDir(t)
	for _, dir := range []string{"w0s0", "w1s1/box", "w1s1/store", "cache"} {
		if err := os.MkdirAll(filepath.Join(scratch, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := newSlotIn(t, filepath.Join(scratch, "w0s0"), SlotConfig{Tier: Restricted, Without: protection})
	secret := filepath.Join(t.TempDir(), "another's")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{p.attack, secret}
	if p.count != "" {
		args = append(args, p.count)
	}
	spec := attackSpec(s, args...)
	spec.Reserve = 1 << 30 // so that the tree exceeds its limit before RLIMIT_DATA
	spec.Limits.CPU = 100 * time.Millisecond
	if p.limits != nil {
		p.limits(&spec.Limits)
	}
	// The end of the submission stops what no protection stops.
	ctx, cancel := context.WithTimeout(t.Context(), spec.Limits.Wall+time.Second)
	r, err := s.Run(ctx, spec)
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Clean(true, time.Now().Add(30*time.Second)); err != nil {
		t.Error(err)
	}
	attacks.RemoveResidue(t)
	return outcome{r.Exceeded, r.Signal, r.ExitCode, strings.Contains(string(r.Stdout), attacks.Escaped), endChildren(t),
		r.Exceeded != "" && !strings.Contains(r.Cause, "killed by")}, r
}

// raiseStack raises the stack limit of this process, which bounds the limit of its children.
func raiseStack(t *testing.T) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &before); err != nil {
		t.Fatal(err)
	}
	raised := unix.Rlimit{Cur: min(1<<30, before.Max), Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_STACK, &raised); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_STACK, &before); err != nil {
			t.Error(err)
		}
	})
}

// TestResidueIsFoundWithoutCleaning leaves out the cleaning that follows a run.
func TestResidueIsFoundWithoutCleaning(t *testing.T) {
	s := newSlot(t, Restricted)
	for _, clean := range []bool{true, false} {
		if _, err := s.Run(t.Context(), attackSpec(s, "leave-mess", s.Box.Path())); err != nil {
			t.Fatal(err)
		}
		if clean {
			if err := s.Clean(false, time.Now().Add(10*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Run(t.Context(), attackSpec(s, "empty-box"))
		if err != nil {
			t.Fatal(err)
		}
		if found := strings.Contains(string(r.Stdout), attacks.Escaped); found == clean {
			t.Errorf("cleaned %v: the next run prints %q", clean, r.Stdout)
		}
	}
}

// memoryDir creates a directory on tmpfs, like a pod's scratch volume.
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

// someWall gives a run enough wall time for its CPU time on a busy machine.
func someWall(l *Limits) { l.Wall = 1500 * time.Millisecond }

// slowWall is for a program that mostly waits for the replies to its births.
func slowWall(l *Limits) { l.Wall = 5 * time.Second }

func longWall(l *Limits) { l.CPU, l.Wall = 20*time.Second, 3*time.Second }

// endChildren kills the remaining children of this process and reports whether there were any.
func endChildren(t *testing.T) (residue bool) {
	t.Helper()
	scanner, err := usage.NewScanner()
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
		if errors.Is(err, unix.ECHILD) {
			return residue
		}
		residue = true
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
	return residue
}
