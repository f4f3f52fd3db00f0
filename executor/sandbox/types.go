package sandbox

import "time"

// Tier is how strongly runs are isolated, as proved by trying at boot, never inferred from a version. Higher is stronger.
type Tier int

// The tiers in rising order.
const (
	// None: nothing enforceable.
	None Tier = iota
	// RestrictedLegacy: Landlock ABI 1 to 5; seccomp stands in for what that ABI lacks.
	RestrictedLegacy
	// Restricted: Landlock ABI 6 or newer, seccomp, rlimits and process-tree accounting.
	Restricted
	// Namespaced: user, pid, mount, net and ipc namespaces on top.
	Namespaced
)

// Limits bound one process tree. Zero is not "unlimited": every field must be positive.
type Limits struct {
	CPU       time.Duration // user and system time of the whole tree
	Wall      time.Duration
	Memory    int64 // bytes, whole tree
	Output    int64 // bytes, stdout and stderr each
	Processes int64 // processes and threads at one time
	Disk      int64 // bytes written below the slot's directory
}

// Spec is one process tree to run.
type Spec struct {
	// Path is the absolute path of the program; Args are its arguments, Args[0] included.
	Path string
	Args []string
	// Env is the whole environment; nothing is inherited.
	Env []string
	// Stdin is all the input there is.
	Stdin  []byte
	Limits Limits
	// Stack is the main thread's stack in bytes; 0 means 64 MiB. It is never more than Limits.Memory.
	Stack int64
	// Reserve is private memory in bytes that the program's runtime maps beyond what it uses (thread stacks, arenas). It
	// widens what may be mapped, not Limits.Memory, which bounds what is resident.
	Reserve int64
	// Own says that the program is whole in itself: of what is outside the slot's directories it may read devices, time zones
	// and locales, and no toolchain, library or SlotConfig.Paths; it can start no program but those it writes itself.
	Own bool
}

// Limit names the limit that ended a run.
type Limit string

// The limits a run can end by; empty when none did.
const (
	CPULimit     Limit = "cpu"
	WallLimit    Limit = "wall"
	MemoryLimit  Limit = "memory"
	OutputLimit  Limit = "output"
	ProcessLimit Limit = "processes"
	DiskLimit    Limit = "disk"
	// Cancelled: the context ended first (hard timeout, client gone, shutdown).
	Cancelled Limit = "cancelled"
)

// Result is what one process tree did. When Run returns it, no process of the tree is left.
type Result struct {
	ExitCode int    // -1 when a signal ended the main process
	Signal   string // such as SIGSEGV; empty otherwise
	// Exceeded is the limit that ended the run, by precedence when several were passed.
	Exceeded Limit
	// Cause says in words what ended the run and who sent the signal; empty after an ordinary exit.
	Cause           string
	Stdout, Stderr  []byte
	StdoutTruncated bool
	StderrTruncated bool
	CPU, Wall       time.Duration
	Memory          int64 // peak bytes resident, whole tree as sampled and the kernel's own maximum
}
