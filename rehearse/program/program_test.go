package program

import (
	"encoding/base64"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

func printed(stdout string) []api.Stage {
	return []api.Stage{{Verdict: api.OK, Stdout: base64.StdEncoding.EncodeToString([]byte(stdout))}}
}

func TestProgramCheck(t *testing.T) {
	sum := Program{Verdict: api.OK, Stdout: []byte("1\n2\n"), HasStdout: true}
	endless := Program{Verdict: api.TimeLimit}
	for name, tc := range map[string]struct {
		program Program
		result  api.Result
		want    string
	}{
		"right": {program: sum, result: api.Result{Verdict: api.OK, Runs: printed("1\n2\n")}},
		"right failure": {
			program: endless,
			result:  api.Result{Verdict: api.TimeLimit, Runs: []api.Stage{{Verdict: api.TimeLimit}}},
		},
		"other output": {
			program: sum,
			result:  api.Result{Verdict: api.OK, Runs: printed("1\n3\n")},
			want:    "stdout differs from line 2 on (4 bytes, expected 4)",
		},
		"no newline at the end": {
			program: sum,
			result:  api.Result{Verdict: api.OK, Runs: printed("1\n2")},
			want:    "stdout differs from line 3 on (3 bytes, expected 4)",
		},
		"bytes that are not text": {
			program: Program{Verdict: api.OK, Stdout: []byte{0xff}, HasStdout: true},
			result:  api.Result{Verdict: api.OK, Runs: printed("\xfe")},
			want:    "stdout differs from line 1 on (1 bytes, expected 1)",
		},
		"no run": {
			program: sum,
			result:  api.Result{Verdict: api.OK},
			want:    "the answer holds 0 runs instead of 1",
		},
		"did not compile": {
			program: sum,
			result:  api.Result{Verdict: api.CompileError, Compile: &api.Stage{Verdict: api.CompileError, ExitCode: 1}},
			want:    "verdict CompileError instead of OK: exit code 1",
		},
		"killed by a signal": {
			program: sum,
			result: api.Result{
				Verdict: api.RuntimeError,
				Compile: &api.Stage{Verdict: api.OK},
				Runs:    []api.Stage{{Verdict: api.RuntimeError, ExitCode: -1, Signal: "SIGSEGV"}},
			},
			want: "verdict RuntimeError instead of OK: ended by SIGSEGV",
		},
		"stopped by a limit": {
			program: sum,
			result:  api.Result{Verdict: api.MemoryLimit, Runs: []api.Stage{{Verdict: api.MemoryLimit, Cause: "memoryMiB 64"}}},
			want:    "verdict MemoryLimit instead of OK: memoryMiB 64",
		},
		"the fleet's fault": {
			program: endless,
			result:  api.Result{Verdict: api.InternalError, Cause: "worker 2 died"},
			want:    "verdict InternalError instead of TimeLimit: worker 2 died",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.program.Check(tc.result)); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
		})
	}
}
