package judge

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/spawn"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/test/attacks"
)

// TestContestantsCauseNoInternalError runs the programs that cannot start.
func TestContestantsCauseNoInternalError(t *testing.T) {
	for _, tier := range []sandbox.Tier{sandbox.Restricted, sandbox.RestrictedLegacy} {
		j := newJudgeOf(t, tier)
		for _, attack := range attacks.FaultAttacks() {
			t.Run(tier.String()+"/"+attack.Name, func(t *testing.T) {
				result := j.Do(t.Context(), attack.Request)
				cause, stdout := result.Cause, ""
				switch {
				case len(result.Runs) == 1:
					cause, stdout = result.Runs[0].Cause, result.Runs[0].Stdout
				case result.Compile != nil:
					cause = result.Compile.Cause
				}
				if result.Verdict != attack.Verdict || !strings.Contains(cause, attack.Cause) || strings.Contains(stdout, attacks.Escaped) {
					t.Errorf("verdict %s, cause %q, stdout %q; want %s, %q", result.Verdict, cause, stdout, attack.Verdict, attack.Cause)
				}
				if c := result.Compile; c != nil && c.Verdict == api.CompileError && c.ExitCode == 0 && !strings.Contains(c.Cause, "the compiler left no") {
					t.Errorf("the compiler succeeded, and the cause of its CompileError is %q", c.Cause)
				}
			})
		}
	}
}

// TestProgramsTheKernelRefuses checks whose fault each failure of a start is.
func TestProgramsTheKernelRefuses(t *testing.T) {
	const store = "/scratch/w0s0/store"
	execution := func(errno unix.Errno) *spawn.Error {
		return &spawn.Error{Path: store + "/main", Step: "execute the program", Errno: errno}
	}
	if !execution(unix.EIO).Executing() {
		t.Fatal("the step is not that of an execution")
	}
	for name, tc := range map[string]struct {
		err     error
		program string
		cause   string // a part of it; empty for a fault of the executor
	}{
		"format":                       {execution(unix.ENOEXEC), store + "/main", "exec format error"},
		"interpreter":                  {execution(unix.ENOENT), store + "/main", "interpreter does not exist"},
		"permission":                   {execution(unix.EACCES), store + "/main", "permission denied"},
		"interpreter is a loop":        {execution(unix.ELOOP), store + "/main", "too many levels"},
		"library is bad":               {execution(unix.ELIBBAD), store + "/main", "shared library"},
		"open for writing":             {execution(unix.ETXTBSY), store + "/main", "text file busy"},
		"arguments":                    {execution(unix.E2BIG), store + "/main", "arguments are too long"},
		"arguments of an interpreter":  {execution(unix.E2BIG), "/usr/bin/python3", "arguments are too long"},
		"memory":                       {execution(unix.ENOMEM), "/usr/bin/python3", "memory limit"},
		"descriptors of the node":      {execution(unix.ENFILE), store + "/main", ""},
		"processes":                    {execution(unix.EAGAIN), store + "/main", ""},
		"disk":                         {execution(unix.EIO), store + "/main", ""},
		"interpreter is not installed": {execution(unix.ENOENT), "/usr/bin/python3", ""},
		"interpreter is not allowed":   {execution(unix.EACCES), "/usr/bin/python3", ""},
		"another step":                 {&spawn.Error{Step: "fork", Errno: unix.ENOMEM}, store + "/main", ""},
		"another error":                {errors.New("x"), store + "/main", ""},
		"no error":                     {nil, store + "/main", ""},
	} {
		t.Run(name, func(t *testing.T) {
			stage, ok := notExecuted(tc.err, tc.program, store)
			if ok != (tc.cause != "") || !strings.Contains(stage.Cause, tc.cause) || ok && (stage.Verdict != api.RuntimeError || stage.ExitCode != notExecutable) {
				t.Errorf("got %+v, %t, want the cause %q", stage, ok, tc.cause)
			}
		})
	}
}

// TestLargestArtifact compiles programs of about the largest size.
func TestLargestArtifact(t *testing.T) {
	j := newJudge(t)
	for mebibytes, want := range map[int]api.Verdict{settings.ArtifactMiB / 2: api.OK, settings.ArtifactMiB + 1: api.CompileError} {
		source := fmt.Sprintf("__asm__(\".data\\n.fill %d, 8, 1\\n.text\\n\");\nint main(void) { return 0; }", mebibytes<<17)
		result := j.Do(t.Context(), api.Request{Language: "c", Source: source})
		if result.Verdict != want {
			t.Errorf("%d MiB: %+v, compiled %+v", mebibytes, result, result.Compile)
		}
	}
}

func TestNoProgram(t *testing.T) {
	store := t.TempDir()
	c := filepath.Join(t.TempDir(), "x.c")
	if err := os.WriteFile(c, []byte("int main(void) { return 0; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	built := func(flags ...string) func(path string) error {
		return func(path string) error { return exec.Command("/usr/bin/gcc", append(flags, "-o", path, c)...).Run() }
	}
	content := func(text string) func(path string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	for name, tc := range map[string]struct {
		make func(path string) error
		want string // a part of it; empty for a program
	}{
		"static":                   {built("-static", "-s"), ""},
		"position-independent":     {built("-pie", "-fPIE"), ""},
		"static and position-ind.": {built("-static-pie", "-fPIE", "-s"), ""},
		"script":                   {content("#!/bin/sh\n"), ""},
		"shared library":           {built("-shared", "-fPIC"), "is a library"},
		"object file":              {built("-c"), "is a library"},
		"archive":                  {content("!<arch>\n"), "not executable"},
		"empty":                    {content(""), "not executable"},
		"text":                     {content("junk"), "not executable"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(store, "main")
			defer os.Remove(path)
			if err := tc.make(path); err != nil {
				t.Fatal(err)
			}
			got := noProgram(store, &toolchain.Language{Run: toolchain.Run{Command: []string{"{store}/main"}}})
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
	if got := noProgram(store, &toolchain.Language{Run: toolchain.Run{Command: []string{"/usr/bin/java", "Main"}}}); got != "" {
		t.Errorf("a class is reported: %s", got)
	}
}
