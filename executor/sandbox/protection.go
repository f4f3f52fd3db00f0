package sandbox

// Protection is a part of the sandbox that can be left out: by tests, to prove that this part stops
// an attack, and by benchmarks, to measure its cost. No flag, variable or request can set it.
type Protection uint

// The protections.
const (
	// FileRules are the Landlock rules: files, TCP, signals, abstract sockets and tracing.
	FileRules Protection = 1 << iota
	// CallFilter is the seccomp filter.
	CallFilter
	// ResourceLimits are the rlimits.
	ResourceLimits
	// TreeLimits are the monitor's limits: CPU time, processes, memory and disk of a whole tree.
	TreeLimits
	// WallClock is the wall limit.
	WallClock
	// OutputBound is the limit on stdout and stderr.
	OutputBound
	// TreeKill is the kill of processes that outlive the main process.
	TreeKill
)

func (c SlotConfig) has(p Protection) bool { return c.Without&p == 0 }
