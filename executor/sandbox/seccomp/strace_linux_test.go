package seccomp_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"

	"executorpool.dev/executor/programs"
	"executorpool.dev/executor/sandbox/seccomp"
	"executorpool.dev/executor/toolchain"
)

// call is a system call that a toolchain makes, with the answer of the filter.
type call struct {
	name   string
	answer seccomp.Answer
	// line is one of the lines of strace.
	line string
}

// toolchainCalls compiles and runs the program library in a language, without a sandbox, and
// returns the system calls of both stages.
func toolchainCalls(t *testing.T, language toolchain.Language, answers *seccomp.Answers) map[string][]call {
	t.Helper()
	source, ok := programs.Source(language.ID, programs.Library)
	if !ok {
		t.Fatalf("%s has no program %s", language.ID, programs.Library)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, language.SourceFile), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	values := toolchain.Values{Store: dir, Files: []string{language.SourceFile}, MemoryMiB: 256}
	calls := map[string][]call{}
	if language.Compile != nil {
		calls["compile"], _ = trace(t, dir, language.CompileCommand(values), toolchain.Environ(language.Compile.Env, dir), answers)
	}
	var out string
	calls["run"], out = trace(t, dir, language.RunCommand(values), toolchain.Environ(language.Run.Env, dir), answers)
	if !strings.HasSuffix(out, "ok\n") {
		t.Fatalf("%s printed %q, want ok", programs.Library, out)
	}
	return calls
}

// trace executes a command and returns its system calls, each name with each answer once, and its
// output.
func trace(t *testing.T, dir string, command, env []string, answers *seccomp.Answers) ([]call, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	traced := exec.CommandContext(t.Context(), "strace", append([]string{"-f", "-qq", "-e", "raw=all", "-e", "signal=none", "-o", log, "--"}, command...)...)
	traced.Dir, traced.Env = dir, env
	traced.Stdin = strings.NewReader("1\n2\n")
	out, err := traced.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("install Debian's package strace: make toolchains")
	}
	if err != nil {
		t.Fatalf("%q: %v: %s", command, err, out)
	}
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seen := map[call]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if made, ok := parseCall(t, lines.Text(), answers); ok {
			seen[made] = lines.Text()
		}
	}
	var calls []call
	for made, line := range seen {
		made.line = line
		calls = append(calls, made)
	}
	return calls, string(out)
}

// tracedCall matches a line of strace with raw arguments, begun or complete.
var tracedCall = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\(([^)<]*)`)

// parseCall returns the call of a line. It returns false for the end of a process and for the
// second half of a call.
func parseCall(t *testing.T, line string, answers *seccomp.Answers) (made call, ok bool) {
	t.Helper()
	parts := tracedCall.FindStringSubmatch(line)
	if parts == nil {
		// "???" is a process that was killed before strace could read its call.
		ended := strings.Contains(line, "+++") || strings.Contains(line, "???")
		if !ended && !strings.Contains(line, "resumed>") && !strings.Contains(line, "---") {
			t.Fatalf("strace printed %q", line)
		}
		return call{}, false
	}
	architecture, err := arch.GetInfo("")
	if err != nil {
		t.Fatal(err)
	}
	name := parts[1]
	nr, known := architecture.SyscallNames[name]
	if number, unknown := strings.CutPrefix(name, "syscall_"); !known && unknown {
		parsed, err := strconv.ParseUint(number, 0, 32)
		if err != nil {
			t.Fatalf("strace printed %q", line)
		}
		nr = int(parsed)
	} else if !known {
		t.Fatalf("%s is a call without a number", name)
	}
	var arguments [6]uint64
	for i, text := range strings.Split(strings.TrimSpace(parts[2]), ", ") {
		if text == "" || i >= len(arguments) {
			continue
		}
		if arguments[i], err = strconv.ParseUint(strings.TrimSuffix(text, ","), 0, 64); err != nil {
			t.Fatalf("strace printed %q", line)
		}
	}
	answer, err := answers.To(uint32(nr), arguments)
	if err != nil {
		t.Fatal(err)
	}
	return call{name: name, answer: answer}, true
}
