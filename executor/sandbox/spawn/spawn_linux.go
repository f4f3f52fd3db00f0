package spawn

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rlimit is a resource limit, both soft and hard.
type Rlimit struct {
	Resource int
	Value    uint64
}

// Command is a program to start. Prepare allocates; Start does not.
type Command struct {
	// Token is an argument, which the kernel ignores, of setpgid, clone, landlock_restrict_self and
	// seccomp. The thread's filters demand it.
	Token uint64
	// RulesetFD is the Landlock ruleset that the child enters; -1 means none.
	RulesetFD int
	// Filter is a seccomp filter that the child loads, if set. The words at PIDOffsets are set to
	// its pid, and those at GroupOffsets to the negative pid.
	Filter                   []unix.SockFilter
	PIDOffsets, GroupOffsets []int
	// Dir is the descriptor of the working directory. Files become 0, 1 and 2. All must be above 2.
	Dir   int
	Files [3]int

	path       *byte
	argv, envv []*byte
	rlimits    []rlimit
	fprog      unix.SockFprog
	// The child writes step and errno: until it executes the program it shares this process's
	// memory.
	step  step
	errno syscall.Errno
	pidfd int32 // written by the kernel
	// noSignals is an empty signal mask.
	noSignals uint64
	// idle is struct sched_param of SCHED_IDLE: the threads that supervise runs come first, however
	// many processes a run has. With a nice value of 10 instead, several fork bombs starved their
	// monitor for seconds. Runs share the CPU equally, and other containers are not affected:
	// between cgroups their weights decide.
	idle int32
}

type rlimit struct {
	resource uintptr
	value    unix.Rlimit
}

// step is a step of the start.
type step int32

const (
	stepFork step = iota
	stepGroup
	stepRules
	stepLimits
	stepFiles
	stepDirectory
	stepDescriptors
	stepPriority
	stepDeathSignal
	stepFilter
	stepExecute
)

var stepNames = [...]string{"fork", "join a process group of its own", "enter the landlock rules", "set resource limits",
	"attach stdin, stdout and stderr", "enter the working directory", "close other descriptors",
	"lower the priority", "tie the run to the executor's life",
	"load the signal filter", "execute the program"}

// Error is a failed start. errors.Is finds the errno.
type Error struct {
	Path  string
	Step  string
	Errno syscall.Errno
}

func (e *Error) Error() string { return fmt.Sprintf("start %s: %s: %v", e.Path, e.Step, e.Errno) }

func (e *Error) Unwrap() error { return e.Errno }

// Executing reports whether the set-up succeeded and the program itself could not be executed.
func (e *Error) Executing() bool { return e.Step == stepNames[stepExecute] }

// Prepare sets the program, its arguments, its whole environment and its limits.
func (c *Command) Prepare(path string, args, env []string, limits []Rlimit) error {
	var err error
	if c.path, err = unix.BytePtrFromString(path); err != nil {
		return fmt.Errorf("prepare %q: %w", path, err)
	}
	if c.argv, err = syscall.SlicePtrFromStrings(args); err != nil {
		return fmt.Errorf("prepare arguments of %s: %w", path, err)
	}
	if c.envv, err = syscall.SlicePtrFromStrings(env); err != nil {
		return fmt.Errorf("prepare environment of %s: %w", path, err)
	}
	for _, fd := range append([]int{c.Dir}, c.Files[:]...) {
		if fd <= 2 {
			return fmt.Errorf("prepare %s: descriptor %d is one of the executor's own 0, 1, 2", path, fd)
		}
	}
	if len(c.Filter) > 0 {
		c.fprog = unix.SockFprog{Len: uint16(len(c.Filter)), Filter: &c.Filter[0]}
	}
	c.rlimits = make([]rlimit, len(limits))
	for i, l := range limits {
		c.rlimits[i] = rlimit{uintptr(l.Resource), unix.Rlimit{Cur: l.Value, Max: l.Value}}
	}
	return nil
}

// Child is a started program.
type Child struct {
	// PID is also the id of its process group.
	PID int
	// FD is a descriptor of the process. It polls readable when the process has ended.
	FD int
}

// Close closes the descriptor.
func (c Child) Close() { unix.Close(c.FD) }

// Start starts the command in a process group of its own. It must be called on the restricted OS
// thread; the child dies with that thread. After an error the child has been reaped.
func (c *Command) Start() (Child, error) {
	c.step, c.errno, c.pidfd = stepFork, 0, -1
	pid, errno := fork(c)
	runtimeAfterFork()
	runtime.KeepAlive(c)
	if errno != 0 {
		return Child{}, &Error{Path: unix.BytePtrToString(c.path), Step: stepNames[stepFork], Errno: errno}
	}
	child := Child{PID: int(pid), FD: int(c.pidfd)}
	if c.errno == 0 {
		return child, nil
	}
	child.Close()
	var status unix.WaitStatus
	for {
		if _, err := unix.Wait4(int(pid), &status, unix.WALL, nil); err != unix.EINTR {
			break
		}
	}
	return Child{}, &Error{Path: unix.BytePtrToString(c.path), Step: stepNames[c.step], Errno: c.errno}
}

// fork is forkAndExecInChild1 of the standard library, reduced to what a run needs. The child works
// in this stack frame and never leaves it; the kernel suspends the parent until the child has
// executed the program. Hence no inlining, no race detector, no allocation, and only raw system
// calls after runtimeBeforeFork.
//
//go:noinline
//go:norace
//go:nocheckptr
func fork(c *Command) (pid uintptr, errno syscall.Errno) {
	var (
		i int
		e uintptr
	)
	runtimeBeforeFork()
	pid, e = rawVforkSyscall(unix.SYS_CLONE, unix.CLONE_VFORK|unix.CLONE_VM|unix.CLONE_PIDFD|uintptr(unix.SIGCHLD), 0,
		uintptr(unsafe.Pointer(&c.pidfd)), uintptr(c.Token))
	if e != 0 || pid != 0 {
		return pid, syscall.Errno(e)
	}

	c.step = stepGroup
	if _, _, errno = syscall.RawSyscall(unix.SYS_SETPGID, 0, 0, uintptr(c.Token)); errno != 0 {
		goto failed
	}
	// Only the mask must be reset: exec resets caught signals, and until then only the executor
	// knows the process, and sends nothing but SIGKILL. Package syscall resets every handler here,
	// with 56 system calls.
	if _, _, errno = syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&c.noSignals)), 0, 8, 0, 0); errno != 0 {
		goto failed
	}

	if c.RulesetFD >= 0 {
		c.step = stepRules
		if _, _, errno = syscall.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(c.RulesetFD), 0, uintptr(c.Token)); errno != 0 {
			goto failed
		}
	}
	c.step = stepFiles
	for i = 0; i < len(c.Files); i++ {
		if _, _, errno = syscall.RawSyscall(unix.SYS_DUP3, uintptr(c.Files[i]), uintptr(i), 0); errno != 0 {
			goto failed
		}
	}
	c.step = stepDirectory
	if _, _, errno = syscall.RawSyscall(unix.SYS_FCHDIR, uintptr(c.Dir), 0, 0); errno != 0 {
		goto failed
	}
	c.step = stepDescriptors
	if _, _, errno = syscall.RawSyscall(unix.SYS_CLOSE_RANGE, 3, uintptr(^uint32(0)), 0); errno != 0 {
		goto failed
	}
	c.step = stepLimits
	for i = 0; i < len(c.rlimits); i++ {
		if _, _, errno = syscall.RawSyscall6(unix.SYS_PRLIMIT64, 0, c.rlimits[i].resource,
			uintptr(unsafe.Pointer(&c.rlimits[i].value)), 0, 0, 0); errno != 0 {
			goto failed
		}
	}
	c.step = stepPriority
	if _, _, errno = syscall.RawSyscall(unix.SYS_SCHED_SETSCHEDULER, 0, unix.SCHED_IDLE, uintptr(unsafe.Pointer(&c.idle))); errno != 0 {
		goto failed
	}
	c.step = stepDeathSignal
	if _, _, errno = syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0, 0); errno != 0 {
		goto failed
	}
	if c.fprog.Len > 0 {
		c.step = stepFilter
		pid, _, _ = syscall.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
		for i = 0; i < len(c.PIDOffsets); i++ {
			c.Filter[c.PIDOffsets[i]].K = uint32(pid)
		}
		for i = 0; i < len(c.GroupOffsets); i++ {
			c.Filter[c.GroupOffsets[i]].K = -uint32(pid)
		}
		if _, _, errno = syscall.RawSyscall6(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0,
			uintptr(unsafe.Pointer(&c.fprog)), uintptr(c.Token), 0, 0); errno != 0 {
			goto failed
		}
	}
	c.step = stepExecute
	_, _, errno = syscall.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(c.path)),
		uintptr(unsafe.Pointer(&c.argv[0])), uintptr(unsafe.Pointer(&c.envv[0])))

failed:
	c.errno = errno
	for {
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT, 253, 0, 0)
	}
}
