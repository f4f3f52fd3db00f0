package sandbox

import "time"

// Tier is the set of protections that hold together, as proved by the probe at boot. A higher tier
// is stronger.
type Tier int

// The tiers in ascending order.
const (
	// None enforces nothing.
	None Tier = iota
	// RestrictedLegacy uses Landlock ABI 1 to 5; seccomp replaces what that ABI lacks.
	RestrictedLegacy
	// Restricted uses Landlock ABI 6 or newer, seccomp, rlimits and accounting of the process tree.
	Restricted
	// Namespaced adds user, pid, mount, net, IPC and UTS namespaces.
	Namespaced
)

// Spec describes one process tree to run.
type Spec struct {
	// Path is the absolute path of the program. Args are its arguments, including Args[0].
	Path string
	Args []string
	// Env is the whole environment; nothing is inherited.
	Env []string
	// Stdin is the whole input.
	Stdin  []byte
	Limits Limits
	// Stack is the limit of the main thread's stack in bytes; 0 means 64 MiB. Limits.Memory bounds
	// it.
	Stack int64
	// Reserve is the private memory, in bytes, that the program's runtime maps and does not use,
	// such as thread stacks. It raises the bound on mapped memory, not Limits.Memory, which bounds
	// resident memory.
	Reserve int64
	// Share is the memory in bytes that the program may always use, within Limits.Memory; 0 means all
	// of it. At one time only one run of all slots may use more than its share, and the others wait.
	Share int64
	// OpenFiles is the limit of open descriptors of one process; 0 means 128.
	OpenFiles int64
	// SelfContained restricts a statically linked program: outside of the slot's directories it can
	// read devices and SlotConfig.SelfContainedPaths, but no toolchain, library or
	// SlotConfig.Paths.
	SelfContained bool
}

// Limit is the name of a limit that can end a run.
type Limit string

// The limits that can end a run. The empty Limit means that none did.
const (
	CPULimit     Limit = "cpu"
	WallLimit    Limit = "wall"
	MemoryLimit  Limit = "memory"
	OutputLimit  Limit = "output"
	ProcessLimit Limit = "processes"
	DiskLimit    Limit = "disk"
	// Cancelled means that the context ended first: hard timeout, disconnected client or shutdown.
	Cancelled Limit = "cancelled"
)

// Result is the outcome of one process tree. No process of the tree is left when Run returns it.
type Result struct {
	ExitCode int    // -1 if a signal ended the main process
	Signal   string // for example SIGSEGV; empty if no signal ended the main process
	// Exceeded is the limit that ended the run; if several were exceeded, the first in precedence.
	Exceeded Limit
	// Cause describes what ended the run and who sent the signal; empty after an ordinary exit.
	Cause           string
	Stdout, Stderr  []byte
	StdoutTruncated bool
	StderrTruncated bool
	CPU, Wall       time.Duration
	Memory          int64 // peak resident bytes: the larger of the samples' maximum and the kernel's
}
