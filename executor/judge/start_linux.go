package judge

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
)

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
// The compiler's artifact is the contestant's: its format, its interpreter, its architecture and its
// size. So is the length of the arguments of any program. The kernel also refuses for want of
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
