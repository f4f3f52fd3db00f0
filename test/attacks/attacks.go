package attacks

import (
	_ "embed"
	"errors"
	"os"
	"slices"
	"testing"

	"executorpool.dev/executor/api"
)

// program is a C program that attacks in the way that its first argument names. It includes the
// other three.
var (
	//go:embed testdata/attack.c
	program string
	//go:embed testdata/reach.h
	reach string
	//go:embed testdata/filter.h
	filter string
	//go:embed testdata/handover.h
	handover string
)

// Attack is one hostile submission.
type Attack struct {
	Name    string
	Request api.Request
	Verdict api.Verdict
	// Stdout is the expected output, if set. A run that prints ESCAPED has failed in any case.
	Stdout string
	// Cause is a part of the expected cause.
	Cause string
	// Status and Field are those of the expected problem document, for a request that must not be
	// accepted. Status is 0 for a request that must be.
	Status int
	Field  string
	// NeedsContainer reports whether only an executor in a memory control group and with a scratch
	// volume of its own, as in a pod, can stop the attack.
	NeedsContainer bool
}

// Escaped is what an attack prints for each action that was not refused.
const Escaped = "ESCAPED"

// RemoveResidue removes the files that attacks create on this machine if nothing refuses it, so
// that they are not attributed to the next attack.
func RemoveResidue(t testing.TB) {
	t.Helper()
	for _, path := range []string{"/tmp/escaped", "/dev/shm/escaped"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

// shortCPU and shortWall shorten attacks that only a time limit ends.
const (
	shortCPU  = 300
	shortWall = 700
	memoryMiB = 48
	processes = 16
)

// All returns all attacks: of programs, of sources on compilers, of requests on their reader, and
// on the start of programs. Their limits are within those of a pool with 64 MiB and 64 processes a
// run.
func All() []Attack {
	return slices.Concat(
		ProgramAttacks(),
		CompilerAttacks(),
		RequestAttacks(),
		FaultAttacks(),
		HiddenAttacks(),
	)
}

type limits = api.Limits

// ProgramAttacks returns the attacks of programs. The first argument of each names the attack.
func ProgramAttacks() []Attack {
	var all []Attack
	add := func(verdict api.Verdict, cause, stdout string, l limits, names ...string) {
		for _, name := range names {
			if l.CPUMillis == 0 {
				l.CPUMillis = 3000
			}
			if l.WallMillis == 0 {
				l.WallMillis = 8000
			}
			if l.Processes == 0 {
				l.Processes = processes
			}
			l.MemoryMiB, l.OutputKiB = memoryMiB, 16
			request := attacker(name, "/etc/hostname")
			request.Limits = l
			all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause, Stdout: stdout, Request: request})
		}
	}
	add(api.TimeLimit, "cpu limit", "", limits{CPUMillis: shortCPU}, "spin", "spin-threads", "spin-children", "spin-reaped", "vfork-loop")
	add(api.TimeLimit, "wall limit", "", limits{WallMillis: shortWall}, "sleep", "deaf", "stop-self", "stop-group", "close-out", "drip")
	add(api.ProcessLimit, "processes", "", limits{}, "fork-bomb", "thread-bomb", "fork-some", "thread-some")
	add(api.OK, "", "", limits{}, "leave-group")
	add(api.OK, "", "done\n", limits{}, "double-fork")
	add(api.OK, "", "alive\n", limits{}, "kill-all", "signal-others", "stop-parent")
	add(api.MemoryLimit, "memory limit", "", limits{}, "alloc", "alloc-children", "alloc-mmap")
	add(api.MemoryLimit, "memory limit", "", limits{Processes: 64}, "alloc-fifty")
	add(api.OK, "", "refused\n", limits{}, "alloc-shared", "alloc-memfd")
	add(api.OutputLimit, "", "", limits{}, "alloc-file", "fallocate-many", "map-files", "many-files", "many-bytes", "unlinked", "deep-directories", "flood", "flood-err")
	add(api.MemoryLimit, "memory limit", "", limits{}, "stack") // a run may use all its memory as stack
	add(api.RuntimeError, "SIGSEGV", "", limits{}, "crash")
	add(api.RuntimeError, "SIGFPE", "", limits{}, "divide")
	add(api.RuntimeError, "SIGABRT", "", limits{}, "abort")
	add(api.OK, "", "a\x00\uFFFD\uFFFDb\n", limits{}, "binary")
	add(api.OK, "", "locked\n", limits{}, "leave-lock")
	add(api.OK, "", "left\n", limits{}, "leave-mess")
	add(api.OK, "", "empty\n", limits{}, "empty-box")
	add(api.OK, "", "tried\n", limits{}, "read-others", "reach-out")

	return append(all, filterAttacks()...)
}

// attacker returns a request that runs the attack program with the arguments.
func attacker(args ...string) api.Request {
	return api.Request{Language: "c", Args: args, Files: []api.File{{Name: "attack.c", Content: paced(program)}, {Name: "reach.h", Content: reach},
		{Name: "filter.h", Content: filter}, {Name: "handover.h", Content: handover}}}
}

// Honest returns a program that works for a moment, and its output. No attack may change its
// result.
func Honest() (request api.Request, stdout string) {
	return api.Request{Language: "c", Limits: api.Limits{MemoryMiB: memoryMiB}, Stdin: "17 25\n",
		Source: "#include <stdio.h>\nint main(void) {\n\tint a, b;\n\tif (scanf(\"%d %d\", &a, &b) != 2) return 1;\n" +
			"\tfor (volatile int i = 0; i < 20000000; i++) {}\n\tprintf(\"%d\\n\", a + b);\n}"}, "42\n"
}
