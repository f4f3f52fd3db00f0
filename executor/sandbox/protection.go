package sandbox

// Protection is a part of the sandbox that can be left out, for a test to show that something else than luck refuses an
// attack, and for a benchmark to show what the part costs. No flag, variable or request reaches it.
type Protection uint

// The parts.
const (
	// FileRules are the Landlock rules: files, TCP, signals, abstract sockets, tracing.
	FileRules Protection = 1 << iota
	// CallFilter is the seccomp filter.
	CallFilter
	// ResourceLimits are the rlimits.
	ResourceLimits
	// TreeLimits are the monitor's: CPU time, processes, memory and disk of a whole tree.
	TreeLimits
	// WallClock is the wall limit.
	WallClock
	// OutputBound is the limit on what is read of stdout and stderr.
	OutputBound
	// TreeKill is the end of what the main process leaves behind.
	TreeKill
)

func (c SlotConfig) has(p Protection) bool { return c.Without&p == 0 }
