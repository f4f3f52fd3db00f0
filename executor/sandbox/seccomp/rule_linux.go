package seccomp

import "golang.org/x/sys/unix"

// Answer is what the kernel does with a call (SECCOMP_RET_*).
type Answer uint32

// Allow lets the kernel serve the call.
const Allow Answer = unix.SECCOMP_RET_ALLOW

// errno returns the answer with an error. Error 0 is success without any effect: the call returns
// 0.
func errno(e unix.Errno) Answer { return Answer(unix.SECCOMP_RET_ERRNO | uint32(e)) }

var (
	// success is for calls whose effect would be visible to other runs and on whose success
	// programs depend.
	success = errno(0)
	refused = errno(unix.EPERM)
	// noSuchCall is the answer to calls that are not in the table.
	noSuchCall  = errno(unix.ENOSYS)
	unsupported = errno(unix.EOPNOTSUPP)
	invalid     = errno(unix.EINVAL)
)

func (a Answer) String() string {
	switch {
	case a == Allow:
		return "allowed"
	case a == success:
		return "success, without effect"
	case a&unix.SECCOMP_RET_ACTION_FULL == unix.SECCOMP_RET_ERRNO:
		return unix.ErrnoName(unix.Errno(a & unix.SECCOMP_RET_DATA))
	}
	return "answered by the executor"
}

// Entry is one row of the table of system calls.
type Entry struct {
	// Calls are the names of the calls. A name that the architecture does not have is skipped.
	Calls []string
	// Cases are answers that depend on arguments. The first case whose conditions all hold applies.
	Cases []Case
	// Otherwise is the answer if no case applies.
	Otherwise Answer
	// Note is the reason of the answer.
	Note string
	// Fallback describes what the toolchains that use a refused call do without it. If it is empty,
	// no toolchain may depend on a refused call of the row.
	Fallback string
}

// Case is an answer for certain arguments.
type Case struct {
	// Text describes the conditions.
	Text   string
	When   []Condition
	Answer Answer
}

// Condition compares 32 bits of one argument, under a mask, with values.
//
// The kernel reads descriptors, commands, ids and most flags as 32 bits and ignores the upper half
// of the register, which a program can set to anything. So the conditions read the lower half,
// except that High reads the upper one.
type Condition struct {
	Argument int
	High     bool
	Mask     uint32 // 0 means all bits
	Values   []Constant
	// Not reverses the condition: the bits equal none of the values.
	Not bool
}

// Constant is a value with its name in the kernel's headers.
type Constant struct {
	Name  string
	Value uint32
}

// is returns the condition that the argument is one of the values.
func is(argument int, values ...Constant) Condition {
	return Condition{Argument: argument, Values: values}
}

// number returns a constant without a name.
func number(value uint32) Constant { return Constant{Value: value} }

// hasAny returns the condition that the argument has at least one of the bits.
func hasAny(argument int, bits uint32) Condition {
	return Condition{Argument: argument, Mask: bits, Values: []Constant{number(0)}, Not: true}
}

// hasNone returns the condition that the argument has none of the bits.
func hasNone(argument int, bits uint32) Condition {
	return Condition{Argument: argument, Mask: bits, Values: []Constant{number(0)}}
}

// isToken returns the conditions that the argument, which the kernel ignores, is the slot's token.
func isToken(argument int, token uint64) []Condition {
	return []Condition{
		{Argument: argument, Values: []Constant{number(uint32(token))}},
		{Argument: argument, High: true, Values: []Constant{number(uint32(token >> 32))}},
	}
}
