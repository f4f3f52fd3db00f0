package attacks

import (
	_ "embed"
	"errors"
	"os"
	"slices"
	"testing"

	"executorpool.dev/executor/api"
)

// program is a C program with one way to attack for each name; reach is a part of it.
var (
	//go:embed testdata/attack.c
	program string
	//go:embed testdata/reach.h
	reach string
)

// Attack is one hostile submission.
type Attack struct {
	Name    string
	Request api.Request
	Verdict api.Verdict
	// Stdout, when given, is what the run must print. A run that prints ESCAPED has failed whatever else it did.
	Stdout string
	// Cause is part of what must be said about the end.
	Cause string
	// Refused, when given, is part of the problem document that must answer instead of a result.
	Refused string
}

// Escaped is what an attack prints when something was not refused.
const Escaped = "ESCAPED"

// Tidy removes what attacks leave on this machine where nothing refuses it, so that it is not taken for the next one's.
func Tidy(t testing.TB) {
	t.Helper()
	for _, path := range []string{"/tmp/escaped", "/dev/shm/escaped"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

// shortWall and shortCPU keep what only time can end from taking long.
const (
	shortCPU  = 300
	shortWall = 700
	memoryMiB = 48
	processes = 16
)

// All gives the attacks: what a program does when it runs, what a source does to its compiler, and what a request does to who
// reads it. Their limits are within those of a pool with 64 MiB and 64 processes a run.
func All() []Attack { return slices.Concat(Running(), Compiling(), Asking()) }

type limits = api.Limits

// Running gives the attacks of programs. The first argument names the way.
func Running() []Attack {
	var all []Attack
	way := func(verdict api.Verdict, cause, stdout string, l limits, names ...string) {
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
	way(api.TimeLimit, "cpu limit", "", limits{CPUMillis: shortCPU}, "spin", "spin-threads", "spin-children", "spin-reaped", "vfork-loop")
	way(api.TimeLimit, "wall limit", "", limits{WallMillis: shortWall}, "sleep", "deaf", "stop-self", "stop-group", "close-out", "drip")
	way(api.ProcessLimit, "processes", "", limits{}, "fork-bomb", "thread-bomb", "fork-some", "thread-some")
	way(api.OK, "", "", limits{}, "leave-group")
	way(api.OK, "", "done\n", limits{}, "double-fork")
	way(api.OK, "", "alive\n", limits{}, "kill-all", "signal-others", "stop-parent")
	way(api.MemoryLimit, "memory limit", "", limits{}, "alloc", "alloc-children", "alloc-mmap")
	way(api.MemoryLimit, "memory limit", "", limits{Processes: 64}, "alloc-fifty")
	way(api.OK, "", "refused\n", limits{}, "alloc-shared", "alloc-memfd")
	way(api.OutputLimit, "", "", limits{}, "alloc-file", "fallocate-many", "map-files", "many-files", "many-bytes", "unlinked", "deep-directories", "flood", "flood-err")
	way(api.MemoryLimit, "memory limit", "", limits{}, "stack") // a run may use all its memory as stack
	way(api.RuntimeError, "SIGSEGV", "", limits{}, "crash")
	way(api.RuntimeError, "SIGFPE", "", limits{}, "divide")
	way(api.RuntimeError, "SIGABRT", "", limits{}, "abort")
	way(api.OK, "", "a\x00\uFFFD\uFFFDb\n", limits{}, "binary")
	way(api.OK, "", "locked\n", limits{}, "leave-lock")
	way(api.OK, "", "left\n", limits{}, "leave-mess")
	way(api.OK, "", "empty\n", limits{}, "empty-box")
	way(api.OK, "", "tried\n", limits{}, "read-others", "reach-out")

	return all
}

// attacker runs the program with the arguments.
func attacker(args ...string) api.Request {
	return api.Request{Language: "c", Args: args, Files: []api.File{{Name: "attack.c", Content: program}, {Name: "reach.h", Content: reach}}}
}

// Honest is a program that works for a moment and must not notice what goes on around it.
func Honest() (request api.Request, stdout string) {
	return api.Request{Language: "c", Limits: api.Limits{MemoryMiB: memoryMiB}, Stdin: "17 25\n",
		Source: "#include <stdio.h>\nint main(void) {\n\tint a, b;\n\tif (scanf(\"%d %d\", &a, &b) != 2) return 1;\n" +
			"\tfor (volatile int i = 0; i < 20000000; i++) {}\n\tprintf(\"%d\\n\", a + b);\n}"}, "42\n"
}
