package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"executorpool.dev/executor/api"
	"executorpool.dev/test/objects/grammar"
)

// executorProgram is cmd/executor and interpreterProgram is objects.c, which TestMain builds.
var executorProgram, interpreterProgram string

func TestMain(m *testing.M) { os.Exit(withPrograms(m)) }

func withPrograms(m *testing.M) int {
	dir, err := os.MkdirTemp("", "objects-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	executorProgram, interpreterProgram = filepath.Join(dir, "executor"), filepath.Join(dir, "objects")
	build := exec.Command("go", "build", "-o", executorProgram, "executorpool.dev/cmd/executor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	for _, command := range []*exec.Cmd{
		build,
		exec.Command("gcc", "-O2", "-static", "-pthread", "-Werror", "-Wall", "-o", interpreterProgram, "testdata/objects.c"),
	} {
		if out, err := command.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "%v: %v: %s\n", command, err, out)
			return 1
		}
	}
	return m.Run()
}

// interpret executes a program without a sandbox, in a directory and a process group of its own,
// which it kills after the program.
func interpret(t *testing.T, arguments ...string) (stdout string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), interpreterProgram, arguments...)
	command.Dir = t.TempDir()
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr, command.WaitDelay = &out, &errs, time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	err = command.Wait()
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	if errs.Len() > 0 {
		t.Errorf("%q: stderr %q", arguments, errs.String())
	}
	return out.String(), err
}

func TestInterpreterHasEveryForm(t *testing.T) {
	out, err := interpret(t, "list")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, f := range grammar.Forms() {
		want = append(want, f.Name)
	}
	if diff := cmp.Diff(want, strings.Fields(out)); diff != "" {
		t.Errorf("the forms of the grammar and of the interpreter differ (-grammar +interpreter):\n%s", diff)
	}
}

// elsewhere are the forms that TestEveryMakerMakes does not execute without a sandbox: they end the
// process, signal others, or make objects that outlive it.
var elsewhere = []string{"signal", "priority", "set_session", "set_group", "resource", "pause", "exit", "exit_thread", "abort", "close", "special"}

// TestEveryMakerMakes executes each statement without a sandbox and requires that it makes an
// object: a maker that fails everywhere tests nothing.
func TestEveryMakerMakes(t *testing.T) {
	for _, f := range grammar.Forms() {
		if slices.Contains(elsewhere, f.Name) {
			continue
		}
		s := grammar.Statement{Form: f, A: 2, B: 2}
		if f.A.Choice {
			s.A = 0
		}
		if f.B.Choice {
			s.B = 0
		}
		text := s.String()
		if f.Block {
			text = strings.Replace(text, "{", "{ sleep 1", 1)
		}
		switch f.Name {
		case "unmap":
			text = "private 4 " + text
		case "wait":
			text = "fork 1 { sleep 1 } wait 1000"
		}
		out, err := interpret(t, "check", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		made := -1
		for line := range strings.Lines(out) {
			if name, n, _ := strings.Cut(strings.Trim(line, "\x00\n"), " "); name == f.Name {
				made, _ = strconv.Atoi(n)
			}
		}
		if made < 1 {
			t.Errorf("%s made %d objects, want at least 1", text, made)
		}
	}
}

// TestInterpreterReadsEveryProgram parses the programs of many seeds without executing them: a
// leading exit ends the process.
func TestInterpreterReadsEveryProgram(t *testing.T) {
	for seed := range uint64(100) {
		if _, err := interpret(t, "exit 0 "+grammar.Draw(seed, 1).String()); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	for name, text := range map[string]string{
		"unknown name": "forks 2 { sleep 1 }", "no brace": "fork 2 { sleep 1", "no body": "fork 2", "body of no block": "sleep 2 { sleep 1 }",
		"number first": "2 sleep",
	} {
		out, err := exec.Command(interpreterProgram, text).CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), "objects: ") {
			t.Errorf("%s: got %v, %q; want an error", name, err, out)
		}
	}
}

// testOptions are those of a short execution without control groups.
func testOptions(output *bytes.Buffer) options {
	o := options{Binary: executorProgram, Seed: 1, Divisor: 64, Tier: "Restricted", Workers: 1, Threads: 3, NoContainer: true, Languages: []string{"c"}, Quiet: 1, Bar: 1.2,
		Duration: 4 * time.Second, Settle: 5 * time.Second, cores: 2, output: output}
	o.Phase.Fair, o.Phase.Full = time.Second, 3*time.Second
	return o
}

// TestFuzzerRuns fuzzes a real executor for some seconds with small programs.
func TestFuzzerRuns(t *testing.T) {
	var output bytes.Buffer
	found, err := run(t.Context(), testOptions(&output))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range found {
		t.Error(one)
	}
	if !strings.Contains(output.String(), "no findings") || !strings.Contains(output.String(), "statements used") {
		t.Errorf("the report is incomplete")
	}
	t.Logf("%s", output.String())
}

// prepared returns a fuzzer with an executor that is idle and clean.
func prepared(t *testing.T) *fuzzer {
	t.Helper()
	o := testOptions(new(bytes.Buffer))
	f := newFuzzer(o)
	var err error
	if f.executor, err = o.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.executor.stop(); err != nil {
			t.Error(err)
		}
	})
	if err := f.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.checkIdle(t.Context()); len(f.found.all()) > 0 {
		t.Fatalf("the idle executor has %v", f.found.all())
	}
	return f
}

// expect requires a finding of the kind, and forgets all findings.
func expect(t *testing.T, f *fuzzer, k kind) {
	t.Helper()
	found := f.found.all()
	if !slices.ContainsFunc(found, func(one finding) bool { return one.kind == k }) {
		t.Errorf("found %v, want %q", found, k)
	}
	f.found.set(nil, false)
}

func TestBadResultsAreFound(t *testing.T) {
	f := newFuzzer(testOptions(new(bytes.Buffer)))
	c := testCase{text: "sleep 100", given: true, limits: api.Limits{WallMillis: 500}}
	f.judge(&c, &api.Result{Verdict: api.TimeLimit, Runs: []api.Stage{{WallMillis: 2500}}})
	f.failed(&api.Problem{Status: 503, Reason: api.ReasonQueueFull}, &c)
	if found := f.found.all(); len(found) > 0 {
		t.Errorf("found %v in permitted answers", found)
	}
	f.judge(&c, &api.Result{Verdict: api.TimeLimit, Runs: []api.Stage{{WallMillis: 2501}}})
	expect(t, f, tooLate)
	f.judge(&c, &api.Result{Verdict: api.InternalError})
	expect(t, f, internalError)
	f.failed(&api.Problem{Status: 503, Reason: api.ReasonOverloaded}, &c)
	expect(t, f, refused)
	f.failed(io.EOF, &c)
	expect(t, f, noAnswer)

	for range leastTimes {
		f.times.add(quiet, "c", 100)
		f.times.add(fair, "c", 120)
	}
	if f.judgeTimes(); len(f.found.all()) > 0 {
		t.Errorf("found %v with the ratio 1.2", f.found.all())
	}
	for range leastTimes {
		f.times.add(fair, "c", 121)
	}
	f.judgeTimes()
	expect(t, f, honestSlow)
}

func TestResidueIsFound(t *testing.T) {
	f := prepared(t)
	f.Settle = 100 * time.Millisecond
	if err := os.WriteFile(filepath.Join(f.executor.settings.Scratch, "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.checkIdle(t.Context())
	expect(t, f, fileLeft)

	f.baseline.processes = f.baseline.processes[1:]
	f.checkIdle(t.Context())
	expect(t, f, processLeft)
}

// TestEndsAreFound kills a worker, and then the executor, which watch starts again.
func TestEndsAreFound(t *testing.T) {
	f := prepared(t)
	worker := slices.IndexFunc(f.baseline.processes, func(pid int) bool { return pid != f.executor.pid })
	if err := syscall.Kill(f.baseline.processes[worker], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gomega.NewWithT(t).Eventually(func() []finding {
		f.checkRestarts()
		return f.found.all()
	}).WithTimeout(10 * time.Second).ShouldNot(gomega.BeEmpty())
	expect(t, f, workerReplaced)

	if err := syscall.Kill(f.executor.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	watching, end := context.WithCancel(t.Context())
	defer end()
	var watchers sync.WaitGroup
	watchers.Go(func() { f.watch(watching) })
	gomega.NewWithT(t).Eventually(func() error {
		f.mu.RLock()
		defer f.mu.RUnlock()
		return f.executor.client.Healthz(t.Context())
	}).WithTimeout(20 * time.Second).Should(gomega.Succeed())
	end()
	watchers.Wait()
	expect(t, f, executorEnded)
	if f.honest(t.Context(), quiet, "c"); len(f.found.all()) > 0 {
		t.Errorf("after its start the executor has %v", f.found.all())
	}
}
