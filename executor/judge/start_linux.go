package judge

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
)

const (
	// startTimeout bounds the time for which the start of a process tree is repeated, and
	// startPause is the time between two attempts.
	startTimeout = 2 * time.Second
	startPause   = 10 * time.Millisecond
)

// start runs a process tree. It repeats a start that fails for want of process ids: other programs
// of the pod, or of the node, use them up until their limit ends them.
func (s *submission) start(ctx context.Context, spec sandbox.Spec) (sandbox.Result, error) {
	for begun := time.Now(); ; {
		result, err := s.judge.slot.Run(ctx, spec)
		if !errors.Is(err, unix.EAGAIN) || ctx.Err() != nil || time.Since(begun) > startTimeout {
			return result, err
		}
		time.Sleep(startPause)
	}
}

// notExecutable is the exit code of a run whose program cannot be executed, as of a shell.
const notExecutable = 126

// executionError is the error of a run whose set-up succeeded and whose program the kernel did not
// execute; see spawn.Error.
type executionError interface {
	error
	Executing() bool
}

// notExecuted returns the stage of a run whose program the kernel refused to execute. It returns
// false for an error that only the executor can cause.
//
// The compiler's artifact is the contestant's: its format, its interpreter, its architecture and
// its size. So is the length of the arguments of any program. The kernel also refuses for want of
// processes, descriptors or memory of its own, or because a disk fails, which no contestant answers
// for.
func notExecuted(err error, program, store string) (api.Stage, bool) {
	var execution executionError
	var errno unix.Errno
	if !errors.As(err, &execution) || !execution.Executing() || !errors.As(err, &errno) {
		return api.Stage{}, false
	}
	cause := "the program cannot be executed: " + errno.Error()
	switch errno {
	case unix.E2BIG:
		cause = "the program cannot be executed: its arguments are too long for its limits"
	case unix.ENOMEM:
		cause = "the program cannot be executed within its memory limit"
	case unix.EAGAIN, unix.EINTR, unix.EIO, unix.EMFILE, unix.ENFILE, unix.ENOSYS:
		return api.Stage{}, false
	default:
		if filepath.Dir(program) != store {
			return api.Stage{}, false
		}
	}
	if errno == unix.ENOENT {
		cause = "the program cannot be executed: its interpreter does not exist"
	}
	return api.Stage{Verdict: api.RuntimeError, Cause: cause, ExitCode: notExecutable}, true
}
