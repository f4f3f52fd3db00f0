package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
)

type stageKind int

const (
	compiling stageKind = iota
	running
)

// limitVerdicts map the limit that the sandbox names. Files written count as output: the API has no verdict of their own.
var limitVerdicts = map[sandbox.Limit]api.Verdict{
	sandbox.OutputLimit:  api.OutputLimit,
	sandbox.DiskLimit:    api.OutputLimit,
	sandbox.MemoryLimit:  api.MemoryLimit,
	sandbox.ProcessLimit: api.ProcessLimit,
	sandbox.CPULimit:     api.TimeLimit,
	sandbox.WallLimit:    api.TimeLimit,
}

// verdictOf says what became of one stage, and why in words. The first that applies decides:
//
//  1. a set-up failure: it never gets here, and is InternalError;
//  2. a limit, in the sandbox's order: output, memory, processes, disk, CPU time, wall time;
//  3. the end of the submission: TimeLimit when its hard timeout was over, InternalError when it was cancelled;
//  4. a failing exit with the runtime's own words for being out of memory: MemoryLimit;
//  5. a signal or an exit code other than 0: RuntimeError, for a compiler CompileError;
//  6. OK.
func (j *Judge) verdictOf(ctx context.Context, r sandbox.Result, kind stageKind, language *toolchain.Language) (api.Verdict, string) {
	if verdict, ok := limitVerdicts[r.Exceeded]; ok {
		if r.Exceeded == sandbox.WallLimit && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return j.endOf(ctx)
		}
		return verdict, r.Cause
	}
	if r.Exceeded == sandbox.Cancelled {
		if ctx.Err() == nil {
			return api.InternalError, r.Cause
		}
		return j.endOf(ctx)
	}
	if r.ExitCode == 0 && r.Signal == "" {
		return api.OK, ""
	}
	if kind == compiling {
		return api.CompileError, r.Cause
	}
	for _, text := range language.Run.OutOfMemory {
		if strings.Contains(string(r.Stderr), text) {
			return api.MemoryLimit, fmt.Sprintf("memory limit: the program's runtime ended it with %q", text)
		}
	}
	return api.RuntimeError, r.Cause
}
