package judge

import (
	"context"
	"errors"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

func TestVerdictFollowsPrecedence(t *testing.T) {
	live := context.Background()
	late, cancelLate := context.WithDeadline(live, time.Unix(0, 0))
	defer cancelLate()
	gone, cancel := context.WithCancelCause(live)
	cancel(errors.New("client gone"))

	language := &toolchain.Language{Run: toolchain.Run{OutOfMemory: []string{"MemoryError"}}}
	j := &Judge{config: Config{Limits: sandbox.Limits{Wall: time.Minute}}}
	noMemory := []byte("MemoryError")
	pool := "pool timeout 60000 ms for the whole submission, killed by the executor"
	tcs := map[string]struct {
		ctx     context.Context
		kind    stageKind
		result  sandbox.Result
		verdict api.Verdict
		cause   string
	}{
		"ordinary exit":                {live, running, sandbox.Result{}, api.OK, ""},
		"exit code":                    {live, running, sandbox.Result{ExitCode: 1}, api.RuntimeError, ""},
		"compiler's exit code":         {live, compiling, sandbox.Result{ExitCode: 1}, api.CompileError, ""},
		"signal":                       {live, running, sandbox.Result{ExitCode: -1, Signal: "SIGFPE", Cause: "s"}, api.RuntimeError, "s"},
		"compiler's signal":            {live, compiling, sandbox.Result{ExitCode: -1, Signal: "SIGFPE", Cause: "s"}, api.CompileError, "s"},
		"output":                       {live, running, sandbox.Result{Exceeded: sandbox.OutputLimit, Cause: "o"}, api.OutputLimit, "o"},
		"disk":                         {live, running, sandbox.Result{Exceeded: sandbox.DiskLimit, Cause: "d"}, api.OutputLimit, "d"},
		"memory":                       {live, running, sandbox.Result{Exceeded: sandbox.MemoryLimit, Cause: "m"}, api.MemoryLimit, "m"},
		"processes":                    {live, running, sandbox.Result{Exceeded: sandbox.ProcessLimit, Cause: "p"}, api.ProcessLimit, "p"},
		"cpu":                          {live, running, sandbox.Result{Exceeded: sandbox.CPULimit, Cause: "c"}, api.TimeLimit, "c"},
		"wall":                         {live, running, sandbox.Result{Exceeded: sandbox.WallLimit, Cause: "w"}, api.TimeLimit, "w"},
		"compiler's memory":            {live, compiling, sandbox.Result{Exceeded: sandbox.MemoryLimit, Cause: "m"}, api.MemoryLimit, "m"},
		"limit with exit code 0":       {live, running, sandbox.Result{Exceeded: sandbox.CPULimit, Cause: "c"}, api.TimeLimit, "c"},
		"limit before runtime message": {live, running, sandbox.Result{Exceeded: sandbox.OutputLimit, Cause: "o", ExitCode: 1, Stderr: noMemory}, api.OutputLimit, "o"},
		"limit before pool timeout":    {late, running, sandbox.Result{Exceeded: sandbox.CPULimit, Cause: "c"}, api.TimeLimit, "c"},
		"pool timeout":                 {late, running, sandbox.Result{Exceeded: sandbox.Cancelled, Cause: "x"}, api.TimeLimit, pool},
		"pool timeout as wall limit":   {late, running, sandbox.Result{Exceeded: sandbox.WallLimit, Cause: "w"}, api.TimeLimit, pool},
		"client gone":                  {gone, running, sandbox.Result{Exceeded: sandbox.Cancelled, Cause: "x"}, api.InternalError, "the submission was cancelled (client gone)"},
		"executor blind":               {live, running, sandbox.Result{Exceeded: sandbox.Cancelled, Cause: "x"}, api.InternalError, "x"},
		"runtime out of memory":        {live, running, sandbox.Result{ExitCode: 1, Stderr: noMemory}, api.MemoryLimit, `memory limit: the program's runtime ended it with "MemoryError"`},
		"caught out of memory":         {live, running, sandbox.Result{Stderr: noMemory}, api.OK, ""},
		"compiler out of memory":       {live, compiling, sandbox.Result{ExitCode: 1, Stderr: noMemory}, api.CompileError, ""},
	}
	for name, tc := range tcs {
		t.Run(name, func(t *testing.T) {
			verdict, cause := j.verdictOf(tc.ctx, tc.result, tc.kind, language)
			if verdict != tc.verdict || cause != tc.cause {
				t.Errorf("got %s %q, want %s %q", verdict, cause, tc.verdict, tc.cause)
			}
		})
	}
}
