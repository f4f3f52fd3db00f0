package attacks

import (
	_ "embed"
	"strings"

	"executorpool.dev/executor/api"
)

// program is a C program with one way to attack for each name.
//
//go:embed testdata/attack.c
var program string

// Attack is one hostile submission.
type Attack struct {
	Name    string
	Request api.Request
	Verdict api.Verdict
	// Stdout, when given, is what the run must print. A run that prints ESCAPED has failed whatever else it did.
	Stdout string
	// Cause is part of what must be said about the end.
	Cause string
}

// Escaped is what an attack prints when something was not refused.
const Escaped = "ESCAPED"

// shortWall and shortCPU keep what only time can end from taking long.
const (
	shortCPU  = 300
	shortWall = 700
	memoryMiB = 48
	processes = 16
)

// All gives the attacks. Their limits are within those of a pool with 64 MiB and 16 processes a run.
func All() []Attack {
	type limits = api.Limits
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
			all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause, Stdout: stdout, Request: api.Request{
				Language: "c", Source: program, Args: []string{name, "/etc/hostname"}, Limits: l}})
		}
	}
	way(api.TimeLimit, "cpu limit", "", limits{CPUMillis: shortCPU}, "spin", "spin-threads", "spin-children", "spin-reaped", "vfork-loop")
	way(api.TimeLimit, "wall limit", "", limits{WallMillis: shortWall}, "sleep", "deaf", "stop-self", "stop-group", "close-out", "drip")
	way(api.ProcessLimit, "processes", "", limits{}, "fork-bomb", "thread-bomb", "fork-some", "thread-some")
	way(api.OK, "", "", limits{}, "leave-group")
	way(api.OK, "", "done\n", limits{}, "double-fork")
	way(api.OK, "", "alive\n", limits{}, "kill-all", "signal-others", "stop-parent")
	way(api.MemoryLimit, "memory limit", "", limits{}, "alloc-children", "alloc-mmap")
	way(api.MemoryLimit, "memory limit", "", limits{Processes: 64}, "alloc-fifty")
	way(api.OK, "", "refused\n", limits{}, "alloc-shared", "alloc-memfd")
	way(api.OutputLimit, "", "", limits{}, "alloc-file", "many-files", "many-bytes", "unlinked", "flood", "flood-err")
	way(api.MemoryLimit, "memory limit", "", limits{}, "stack") // a run may use all its memory as stack
	way(api.RuntimeError, "SIGSEGV", "", limits{}, "crash")
	way(api.RuntimeError, "SIGFPE", "", limits{}, "divide")
	way(api.RuntimeError, "SIGABRT", "", limits{}, "abort")
	way(api.OK, "", "a\x00\uFFFD\uFFFDb\n", limits{}, "binary")
	way(api.OK, "", "left\n", limits{}, "leave-mess")
	way(api.OK, "", "empty\n", limits{}, "empty-box")
	way(api.OK, "", "tried\n", limits{}, "read-others", "reach-out")

	source := func(name, language, text string, verdict api.Verdict, cause string) {
		all = append(all, Attack{Name: name, Verdict: verdict, Cause: cause,
			Request: api.Request{Language: language, Source: text, Limits: limits{MemoryMiB: memoryMiB}}})
	}
	source("static memory", "c", "char big[1 << 30]; int main(void) { for (long i = 0; i < sizeof big; i += 4096) big[i] = 1; }", api.MemoryLimit, "memory limit")
	for name, path := range map[string]string{"endless device": "/dev/zero", "password file": "/etc/shadow", "environment": "/proc/1/environ",
		"token": "/var/run/secrets/kubernetes.io/serviceaccount/token"} {
		source("include "+name, "c", "#include \""+path+"\"\nint main(void) { return 0; }", api.CompileError, "")
		source("embed "+name, "c", "__asm__(\".incbin \\\""+path+"\\\"\");\nint main(void) { return 0; }", api.CompileError, "")
	}
	// It may be in one of the two itself.
	source("embed another slot", "c", "__asm__(\".incbin \\\"../../w0s0/box/main.c\\\"\\n.incbin \\\"../../w1s1/box/main.c\\\"\");\nint main(void) { return 0; }", api.CompileError, "")
	source("macro bomb", "c", macroBomb(), api.CompileError, "")
	source("deep template", "cpp17", "template <int n> struct f { f<n + 1> next; };\nint main() { f<0> all; }", api.CompileError, "")
	source("cgo flags", "go", "package main\n\n// #cgo CFLAGS: -fplugin=/tmp/x.so\nimport \"C\"\n\nfunc main() {}", api.CompileError, "")
	source("cgo include", "go", "package main\n\n// #include \"/etc/shadow\"\nimport \"C\"\n\nfunc main() {}", api.CompileError, "")
	return all
}

// macroBomb is a program of a hundred lines that would be gigabytes long.
func macroBomb() string {
	var text strings.Builder
	text.WriteString("#define M0 \"0123456789\"\n")
	for i := 1; i <= 24; i++ {
		a, b := string(rune('A'+i-1)), string(rune('A'+i))
		if i == 1 {
			a = "M0"
		}
		text.WriteString("#define " + b + " " + a + " " + a + " " + a + " " + a + "\n")
	}
	text.WriteString("char *all = Y;\nint main(void) { return 0; }\n")
	return text.String()
}

// Honest is a program that works for a moment and must not notice what goes on around it.
func Honest() (request api.Request, stdout string) {
	return api.Request{Language: "c", Limits: api.Limits{MemoryMiB: memoryMiB}, Stdin: "17 25\n",
		Source: "#include <stdio.h>\nint main(void) {\n\tint a, b;\n\tif (scanf(\"%d %d\", &a, &b) != 2) return 1;\n" +
			"\tfor (volatile int i = 0; i < 20000000; i++) {}\n\tprintf(\"%d\\n\", a + b);\n}"}, "42\n"
}
