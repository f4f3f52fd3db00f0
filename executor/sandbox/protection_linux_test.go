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

// seen is how a run ended, as far as it tells a protection's work.
type seen struct {
	exceeded Limit
	signal   string
	exit     int
	escaped  bool
	left     bool // processes live on
	late     bool // found out at the end, when nothing was left to stop
}

// proof is an attack, the part of the sandbox that stops it, and how it ends with that part and without.
type proof struct {
	way     string
	without Protection
	// bound ends an attack that nothing ends without its protection; see test/attacks/testdata/attack.c.
	bound     string
	limits    func(*Limits)
	with, off seen
	// escapes are things that the attack must be seen to do without the protection.
	escapes []string
}

func proofs() []proof {
	killed := func(limit Limit) seen { return seen{exceeded: limit, signal: "SIGKILL", exit: -1} }
	lateCPU, lateMemory := seen{exceeded: CPULimit, signal: "SIGKILL", exit: -1, late: true}, seen{exceeded: MemoryLimit, late: true}
	out := seen{escaped: true}
	manyProcesses := func(l *Limits) { l.Processes = 64; longCPU(l); someWall(l) }
	slowly := func(l *Limits) { longCPU(l); someWall(l) }
	toItsEnd := func(l *Limits) { longCPU(l); l.Wall = 20 * time.Second }
	return []proof{
		{way: "spin", without: TreeLimits | ResourceLimits, limits: someWall, with: killed(CPULimit), off: lateCPU},
		{way: "spin-threads", without: TreeLimits | ResourceLimits, limits: someWall, with: killed(CPULimit), off: lateCPU},
		{way: "spin-children", without: TreeLimits | ResourceLimits, limits: someWall, with: killed(CPULimit), off: lateCPU},
		{way: "spin-reaped", without: TreeLimits, limits: someWall, with: killed(CPULimit), off: lateCPU},
		{way: "vfork-loop", without: TreeLimits, limits: someWall, with: killed(CPULimit), off: lateCPU},

		{way: "sleep", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},
		{way: "deaf", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},
		{way: "stop-self", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},
		{way: "stop-group", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},
		{way: "close-out", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},
		{way: "drip", without: WallClock, limits: shortWall, with: killed(WallLimit), off: killed(Cancelled)},

		{way: "fork-bomb", without: TreeLimits, bound: "5", with: killed(ProcessLimit)},
		{way: "thread-bomb", without: TreeLimits, bound: "40", with: killed(ProcessLimit)},
		{way: "fork-some", without: TreeLimits, with: killed(ProcessLimit)},
		{way: "thread-some", without: TreeLimits, with: killed(ProcessLimit)},
		{way: "double-fork", without: TreeKill, off: seen{left: true}},
		{way: "leave-lock", without: TreeKill, off: seen{left: true}},
		{way: "leave-group", without: CallFilter, off: seen{escaped: true, left: true}, escapes: []string{"setsid", "setpgid"}},

		{way: "signal-others", without: FileRules, off: out, escapes: []string{"signal to the first process", "signal to the executor"}},
		{way: "stop-parent", without: FileRules, bound: "1", off: out, escapes: []string{"stop of the executor"}},
		{way: "kill-all", without: FileRules, bound: "1", off: out, escapes: []string{"kill of the first processes", "kill of the executor",
			"tgkill of an executor's thread", "tkill of an executor's thread"}},

		{way: "alloc", without: TreeLimits, bound: "400", limits: toItsEnd, with: killed(MemoryLimit), off: lateMemory},
		{way: "alloc-mmap", without: TreeLimits, bound: "400", limits: toItsEnd, with: killed(MemoryLimit), off: lateMemory},
		{way: "alloc-children", without: TreeLimits, limits: slowly, with: killed(MemoryLimit), off: killed(WallLimit)},
		{way: "alloc-fifty", without: TreeLimits, limits: manyProcesses, with: killed(MemoryLimit), off: killed(WallLimit)},
		{way: "alloc-shared", without: CallFilter, limits: toItsEnd, off: out, escapes: []string{"shared memory"}},
		{way: "alloc-memfd", without: CallFilter, limits: toItsEnd, off: out, escapes: []string{"memfd"}},
		{way: "stack", without: ResourceLimits | TreeLimits, bound: "60000", limits: toItsEnd, with: seen{signal: "SIGSEGV", exit: -1}, off: lateMemory},

		{way: "alloc-file", without: ResourceLimits | TreeLimits, with: seen{exceeded: DiskLimit, signal: "SIGXFSZ", exit: -1}},
		{way: "fallocate-many", without: TreeLimits, limits: slowly, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "map-files", without: TreeLimits, limits: slowly, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "many-files", without: TreeLimits, limits: longWall, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "many-bytes", without: TreeLimits, limits: longWall, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "unlinked", without: TreeLimits, limits: longWall, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "deep-directories", without: TreeLimits, limits: longWall, with: killed(DiskLimit), off: killed(WallLimit)},
		{way: "flood", without: OutputBound, bound: "20", with: killed(OutputLimit)},
		// A byte a call: 64 KiB of them take about as much CPU time as these runs get by default.
		{way: "flood-err", without: OutputBound, limits: slowly, with: killed(OutputLimit), off: killed(WallLimit)},

		{way: "read-others", without: FileRules, bound: "1", limits: toItsEnd, off: out, escapes: othersToRead},
		{way: "reach-out", without: CallFilter, bound: "1", limits: toItsEnd, off: out, escapes: callsToMake()},
		{way: "reach-out", without: ResourceLimits, bound: "1", limits: toItsEnd, off: out, escapes: []string{"raising a limit"}},
	}
}

// TestAttackSucceedsWithoutItsProtection takes from each attack the part of the sandbox that stops it, and must then see it
// succeed, or be stopped later by another part.
func TestAttackSucceedsWithoutItsProtection(t *testing.T) {
	for _, p := range proofs() {
		t.Run(p.way, func(t *testing.T) {
			for without, want := range map[Protection]seen{0: p.with, p.without: p.off} {
				got, result := p.try(t, without)
				if got != want {
					t.Errorf("without protections %b: %+v (cause %q, stdout %.2000q), want %+v", without, got, result.Cause, result.Stdout, want)
				}
				for _, what := range p.escapes {
					if line := attacks.Escaped + " " + what + "\n"; without != 0 && !strings.Contains(string(result.Stdout), line) {
						t.Errorf("without protections %b it was not seen to escape by %q", without, what)
					}
				}
			}
		})
	}
}

// TestEveryAttackIsProved holds the table to the attacks there are.
func TestEveryAttackIsProved(t *testing.T) {
	proved := map[string]bool{
		// These end by themselves and are about what is said of them.
		"crash": true, "divide": true, "abort": true, "binary": true,
		"leave-mess": true, "empty-box": true, // see TestLeftoversAreFoundWithoutCleaning
	}
	for _, p := range proofs() {
		proved[p.way] = true
	}
	for _, a := range attacks.Running() {
		if way := a.Request.Args[0]; !proved[way] {
			t.Errorf("attack %s was never seen to succeed: add it to the proofs", way)
		}
	}
}

func (p proof) try(t *testing.T, without Protection) (seen, Result) {
	t.Helper()
	if without&ResourceLimits != 0 {
		raiseStack(t)
	}
	// The slot has a neighbour, as in a pod.
	scratch := memoryDir(t)
	for _, dir := range []string{"w0s0", "w1s1/box", "w1s1/store", "cache"} {
		if err := os.MkdirAll(filepath.Join(scratch, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := newSlotIn(t, filepath.Join(scratch, "w0s0"), SlotConfig{Tier: Restricted, Without: without})
	secret := filepath.Join(t.TempDir(), "another's")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{p.way, secret}
	if p.bound != "" {
		args = append(args, p.bound)
	}
	spec := attackSpec(s, args...)
	spec.Reserve = 1 << 30 // so that the tree's limit is met before RLIMIT_DATA
	spec.Limits.CPU = 100 * time.Millisecond
	if p.limits != nil {
		p.limits(&spec.Limits)
	}
	// What nothing stops any more, the end of the submission does.
	ctx, cancel := context.WithTimeout(t.Context(), spec.Limits.Wall+time.Second)
	r, err := s.Run(ctx, spec)
	cancel()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Clean(true, time.Now().Add(30*time.Second)); err != nil {
		t.Error(err)
	}
	attacks.Tidy(t)
	return seen{r.Exceeded, r.Signal, r.ExitCode, strings.Contains(string(r.Stdout), attacks.Escaped), endChildren(t),
		r.Exceeded != "" && !strings.Contains(r.Cause, "killed by")}, r
}

// raiseStack lets what this process starts have the stack that its own limits would otherwise bound.
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

// TestLeftoversAreFoundWithoutCleaning leaves out what follows a run in its slot.
func TestLeftoversAreFoundWithoutCleaning(t *testing.T) {
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
			t.Errorf("cleaned %v: the next run says %q", clean, r.Stdout)
		}
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
