package spawn

import _ "unsafe" // for linkname

// The two hooks are the runtime's contract with package syscall around a fork. The runtime marks them as used from
// outside by linkname (gVisor does), so the linker lets them pass and their signatures stay.

//go:linkname runtimeBeforeFork syscall.runtime_BeforeFork
func runtimeBeforeFork()

//go:linkname runtimeAfterFork syscall.runtime_AfterFork
func runtimeAfterFork()

// rawVforkSyscall makes a system call after which two processes return on one stack; it keeps its return address in a
// register, where the child cannot overwrite the parent's.
//
//go:noescape
func rawVforkSyscall(trap, a1, a2, a3 uintptr) (r1, errno uintptr)
