package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRunSurvivesAttack holds each way of attacking to what the run must come back with, in one slot after another attack.
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
		"leave-mess":     {want: want{stdout: "left\n"}},
		"read-others":    {want: want{stdout: "tried\n"}},
		"reach-out":      {want: want{stdout: "tried\n"}},
		"crash":          {want: want{signal: "SIGSEGV", exit: -1}},
		"divide":         {want: want{signal: "SIGFPE", exit: -1}},
		"abort":          {want: want{signal: "SIGABRT", exit: -1}},
	}
	s := newSlot(t, Restricted)
	outside := filepath.Join(t.TempDir(), "another's")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := openFiles(t)
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			arg := outside
			if name == "leave-mess" {
				arg = s.Box.Path()
			}
			spec := attackSpec(s, name, arg)
			if tc.limits != nil {
				tc.limits(&spec.Limits)
			}
			r := mustRun(t, s, spec)
			got := want{r.Exceeded, r.Signal, r.ExitCode, string(r.Stdout)}
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
	if text, err := os.ReadFile(outside); err != nil || string(text) != "secret" {
		t.Errorf("another's file reads %q, %v", text, err)
	}
	// The monitor's own descriptor goes with its goroutine, a moment after the last run.
	if now := openFiles(t); now > files+1 {
		t.Errorf("%d descriptors open, %d before the attacks", now, files)
	}
}

func longCPU(l *Limits) { l.CPU = 20 * time.Second }

func shortWall(l *Limits) { l.Wall = 300 * time.Millisecond }
