package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
)

// TestRunSurvivesAttack runs each attack in one slot, one after another, and compares the result
// with the expected one.
func TestRunSurvivesAttack(t *testing.T) {
	type want struct {
		exceeded Limit
		signal   string
		exit     int
		stdout   string
	}
	killed := func(limit Limit) want { return want{exceeded: limit, signal: "SIGKILL", exit: -1} }
	tcs := map[string]struct {
		limits func(*Limits)
		want   want
	}{
		"hello":         {want: want{stdout: "hello\n"}},
		"fail":          {want: want{exit: 7}},
		"spin":          {want: killed(CPULimit)},
		"spin-threads":  {want: killed(CPULimit)},
		"spin-children": {want: killed(CPULimit)},
		"spin-reaped":   {want: killed(CPULimit)},
		"sleep":         {limits: shortWall, want: killed(WallLimit)},
		"deaf":          {limits: shortWall, want: killed(WallLimit)},
		"stop-self":     {limits: shortWall, want: killed(WallLimit)},
		"stop-group":    {limits: shortWall, want: killed(WallLimit)},
		"close-out":     {limits: shortWall, want: killed(WallLimit)},
		"vfork-loop":    {want: killed(CPULimit)},
		"fork-bomb":     {want: killed(ProcessLimit)},
		"thread-bomb":   {want: killed(ProcessLimit)},
		"fork-some":     {want: killed(ProcessLimit)},
		"thread-some":   {want: killed(ProcessLimit)},
		"signal-others": {want: want{stdout: "alive\n"}},
		"stop-parent":   {want: want{stdout: "alive\n"}},
		"drip":          {limits: shortWall, want: killed(WallLimit)},
		"empty-box":     {want: want{stdout: "empty\n"}},
		"alloc-fifty":   {limits: func(l *Limits) { l.Processes = 64 }, want: killed(MemoryLimit)},
		"leave-group":   {want: want{}},
		"double-fork":   {want: want{stdout: "done\n"}},
		"kill-all":      {want: want{stdout: "alive\n"}},

		"alloc-children": {want: killed(MemoryLimit)},
		"alloc-shared":   {want: want{stdout: "refused\n"}},
		"alloc-memfd":    {want: want{stdout: "refused\n"}},
		"alloc-file":     {want: want{exceeded: DiskLimit, signal: "SIGXFSZ", exit: -1}},
		"stack":          {want: want{signal: "SIGSEGV", exit: -1}},
		"deep-stack":     {want: want{stdout: "deep\n"}},
		"flood-err":      {want: killed(OutputLimit)},
		"many-files":     {limits: longCPU, want: killed(DiskLimit)},
		"many-bytes":     {want: killed(DiskLimit)},
		"unlinked":       {want: killed(DiskLimit)},
		"leave-mess":     {want: want{stdout: "left\n"}},
		"read-others":    {want: want{stdout: "tried\n"}},
		"reach-out":      {want: want{stdout: "tried\n"}},
		"crash":          {want: want{signal: "SIGSEGV", exit: -1}},
		"divide":         {want: want{signal: "SIGFPE", exit: -1}},
		"abort":          {want: want{signal: "SIGABRT", exit: -1}},
	}
	s := newSlot(t, Restricted)
	outsideFile := filepath.Join(t.TempDir(), "another's")
	if err := os.WriteFile(outsideFile, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	// In the first run the Go runtime opens descriptors for polling and keeps them.
	mustRun(t, s, attackSpec(s, "hello"))
	files := openFiles(t)
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			arg := outsideFile
			if name == "leave-mess" {
				arg = s.Box.Path()
			}
			spec := attackSpec(s, name, arg)
			if tc.limits != nil {
				tc.limits(&spec.Limits)
			}
			r := mustRun(t, s, spec)
			t.Logf("wall %v cpu %v memory %d KiB", r.Wall, r.CPU, r.Memory>>10)
			got := want{r.Exceeded, r.Signal, r.ExitCode, string(r.Stdout)}
			if name == "drip" {
				got.stdout = ""
			}
			if got != tc.want {
				t.Errorf("got %+v (cause %q, stderr %.200q), want %+v", got, r.Cause, r.Stderr, tc.want)
			}
			if (r.Cause == "") != (r.Signal == "" && r.Exceeded == "") {
				t.Errorf("cause %q for signal %q and limit %q", r.Cause, r.Signal, r.Exceeded)
			}
			if over := r.Wall - spec.Limits.Wall; over > 200*time.Millisecond {
				t.Errorf("ended %v past its wall limit", over)
			}
			if strings.Contains(string(r.Stdout), "ESCAPED") {
				t.Errorf("escaped: %s", r.Stdout)
			}
		})
	}
	if text, err := os.ReadFile(outsideFile); err != nil || string(text) != "secret" {
		t.Errorf("another's file reads %q, %v", text, err)
	}
	// The monitor closes its descriptor shortly after the last run.
	gomega.NewWithT(t).Eventually(func() int { return openFiles(t) }).Should(gomega.BeNumerically("<=", files),
		"descriptors left open")
}

// TestRunSurvivesAttackOnOlderKernels uses no feature of Landlock ABI 6 or newer.
func TestRunSurvivesAttackOnOlderKernels(t *testing.T) {
	s := newSlot(t, RestrictedLegacy)
	outsideFile := filepath.Join(t.TempDir(), "another's")
	if err := os.WriteFile(outsideFile, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"hello": "hello\n", "kill-all": "alive\n", "read-others": "tried\n",
		"reach-out": "tried\n", "leave-group": "", "double-fork": "done\n", "abort": ""} {
		t.Run(name, func(t *testing.T) {
			r := mustRun(t, s, attackSpec(s, name, outsideFile))
			if string(r.Stdout) != want || (r.Signal == "SIGABRT") != (name == "abort") {
				t.Errorf("got %q, signal %q, cause %q; want %q", r.Stdout, r.Signal, r.Cause, want)
			}
		})
	}
}

// TestSlotsDoNotTouchEachOther attacks in one slot while a program runs in another.
func TestSlotsDoNotTouchEachOther(t *testing.T) {
	neighbor, attacker := newSlot(t, Restricted), newSlot(t, Restricted)
	for _, attack := range []string{"kill-all", "fork-bomb", "read-others", "flood-err"} {
		t.Run(attack, func(t *testing.T) {
			done := awaiting(context.Background(), t, neighbor)
			if _, err := attacker.Run(context.Background(), attackSpec(attacker, attack, neighbor.Store.Path()+"/attack")); err != nil {
				t.Fatal(err)
			}
			if err := neighbor.Box.Write("go", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			got := <-done
			if got.err != nil || string(got.result.Stdout) != "before\nafter\n" || got.result.ExitCode != 0 {
				t.Errorf("neighbor: %+v, %v", got.result, got.err)
			}
			noChildren(t)
			if err := neighbor.Clean(false, time.Now().Add(10*time.Second)); err != nil {
				t.Error(err)
			}
		})
	}
}

type awaitResult struct {
	result Result
	err    error
}

// awaiting starts a run that lasts until its box holds a file "go". It returns when the program
// runs.
func awaiting(ctx context.Context, t *testing.T, s *Slot) <-chan awaitResult {
	t.Helper()
	done := make(chan awaitResult, 1)
	go func() {
		r, err := s.Run(ctx, attackSpec(s, "await"))
		done <- awaitResult{r, err}
	}()
	gomega.NewWithT(t).Eventually(s.Box.Path() + "/begun").WithTimeout(10 * time.Second).WithPolling(time.Millisecond).
		Should(gomega.BeAnExistingFile())
	return done
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := newSlot(t, Restricted)
	ctx, cancel := context.WithCancelCause(context.Background())
	done := awaiting(ctx, t, s)
	cancel(errors.New("the client is gone"))
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	r := got.result
	if r.Exceeded != Cancelled || !strings.Contains(r.Cause, "the client is gone") {
		t.Errorf("got %+v", r)
	}
	noChildren(t)
}

func TestRunNamesFailedStep(t *testing.T) {
	s := newSlot(t, Restricted)
	_, err := s.Run(context.Background(), Spec{Path: "/nonexistent", Args: []string{"x"}, Limits: testLimits()})
	if err == nil || err.Error() != "start /nonexistent: execute the program: no such file or directory" {
		t.Errorf("error %v", err)
	}
	noChildren(t)
	if r := mustRun(t, s, attackSpec(s, "hello")); string(r.Stdout) != "hello\n" {
		t.Errorf("the slot is no longer usable: %+v", r)
	}
}

func longCPU(l *Limits) { l.CPU = 20 * time.Second }

func shortWall(l *Limits) { l.Wall = 300 * time.Millisecond }
