package sandbox

import (
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/spawn"
	"golang.org/x/sys/unix"
)

const (
	defaultStack = 64 << 20
	// slack keeps the last page or two of a program that just fits from failing: what is mapped is a little more than
	// what is used. The resident set is held to the limit itself.
	slack = 16 << 20
	// maxFiles is enough for compilers and virtual machines, and few enough to bound what socket buffers can hold.
	maxFiles = 512
	// maxNode is more processes and threads than the slots of a node's executors have together.
	maxNode = 4096
)

// rlimits are the kernel's own backstop for one process each; trees are the monitor's business. RLIMIT_AS is not among
// them, since virtual machines reserve far more than they use. RLIMIT_NPROC counts a user id over the node, so it cannot be a run's own limit; it only keeps a bomb that
// outruns the monitor from taking every process id there is. It does not bind user id 0.
func rlimits(spec Spec) []spawn.Rlimit {
	l := spec.Limits
	stack := spec.Stack
	if stack == 0 {
		stack = defaultStack
	}
	stack = min(stack, l.Memory)
	wanted := []spawn.Rlimit{
		// Whole seconds, and one more: the monitor is exact and knows the tree.
		{Resource: unix.RLIMIT_CPU, Value: uint64((l.CPU+time.Second-1)/time.Second) + 1},
		{Resource: unix.RLIMIT_DATA, Value: uint64(l.Memory + spec.Reserve + slack)},
		{Resource: unix.RLIMIT_STACK, Value: uint64(stack)},
		{Resource: unix.RLIMIT_FSIZE, Value: uint64(l.Disk)},
		{Resource: unix.RLIMIT_NOFILE, Value: maxFiles},
		{Resource: unix.RLIMIT_NPROC, Value: maxNode},
		{Resource: unix.RLIMIT_CORE, Value: 0},
		{Resource: unix.RLIMIT_MEMLOCK, Value: 64 << 10},
		{Resource: unix.RLIMIT_MSGQUEUE, Value: 0},
		{Resource: unix.RLIMIT_NICE, Value: 0},
		{Resource: unix.RLIMIT_RTPRIO, Value: 0},
	}
	for i, w := range wanted {
		// Nobody unprivileged may ask for more than the container has.
		wanted[i].Value = min(w.Value, ceilings()[w.Resource])
	}
	return wanted
}

// ceilings are the hard limits of this process, by resource.
var ceilings = sync.OnceValue(func() (hard [unix.RLIMIT_RTTIME + 1]uint64) {
	for resource := range hard {
		have := unix.Rlimit{Max: unix.RLIM_INFINITY}
		_ = unix.Getrlimit(resource, &have)
		hard[resource] = have.Max
	}
	return hard
})
