package spawn

import _ "unsafe" // for go:linkname

// The two hooks are the contract between the runtime and package syscall around a fork. The runtime
// marks them as linked from outside (by gVisor), so the linker accepts them and their signatures
// stay.

//go:linkname runtimeBeforeFork syscall.runtime_BeforeFork
func runtimeBeforeFork()

//go:linkname runtimeAfterFork syscall.runtime_AfterFork
func runtimeAfterFork()

// rawVforkSyscall makes a system call after which two processes return on one stack. It keeps its
// return address in a register, where the child cannot overwrite it. The fourth argument is 0.
//
//go:noescape
func rawVforkSyscall(trap, a1, a2, a3, a5 uintptr) (r1, errno uintptr)
