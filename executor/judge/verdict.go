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

// limitVerdicts maps limits to verdicts. Written files count as output: the API has no verdict for
// them.
var limitVerdicts = map[sandbox.Limit]api.Verdict{
	sandbox.OutputLimit:  api.OutputLimit,
	sandbox.DiskLimit:    api.OutputLimit,
	sandbox.MemoryLimit:  api.MemoryLimit,
	sandbox.ProcessLimit: api.ProcessLimit,
	sandbox.CPULimit:     api.TimeLimit,
	sandbox.WallLimit:    api.TimeLimit,
}

// verdictOf returns the verdict of one stage and its cause. The first rule that applies decides:
//
//  1. a failure of the set-up: it does not get here, and is InternalError. A program that
//     the kernel does not execute is a RuntimeError; see notExecuted;
//  2. an exceeded limit, in the sandbox's precedence: output, memory, processes, disk, CPU, wall;
//  3. the end of the submission: TimeLimit after its hard timeout, InternalError if cancelled;
//  4. a failing exit, with the message of a runtime that is out of memory: MemoryLimit;
//  5. a signal or an exit code other than 0: RuntimeError, or CompileError for a compiler;
//  6. OK.
func (j *Judge) verdictOf(ctx context.Context, r sandbox.Result, kind stageKind, language *toolchain.Language) (api.Verdict, string) {
	if verdict, ok := limitVerdicts[r.Exceeded]; ok {
		if r.Exceeded == sandbox.WallLimit && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return j.contextVerdict(ctx)
		}
		return verdict, r.Cause
	}
	if r.Exceeded == sandbox.Cancelled {
		if ctx.Err() == nil {
			return api.InternalError, r.Cause
		}
		return j.contextVerdict(ctx)
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
