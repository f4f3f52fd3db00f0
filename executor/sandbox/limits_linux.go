package sandbox

import (
	"sync"
	"time"

	"executorpool.dev/executor/sandbox/spawn"
	"golang.org/x/sys/unix"
)

const (
	defaultStack = 64 << 20
	// dataMargin is added to RLIMIT_DATA, because a program maps slightly more memory than it uses.
	// The resident memory is still bounded by the limit itself.
	dataMargin = 16 << 20
	// defaultOpenFiles suffices for virtual machines with some files of the program. A descriptor can
	// hold a socket buffer of 208 KiB.
	defaultOpenFiles = 128
	// maxNodeProcesses is more than the processes and threads of all slots of a node.
	maxNodeProcesses = 4096
)

// Limits are the limits of one process tree. Every field must be positive; zero does not mean
// unlimited.
type Limits struct {
	CPU       time.Duration // user and system time of the whole tree
	Wall      time.Duration
	Memory    int64 // bytes, of the whole tree
	Output    int64 // bytes, of stdout and stderr each
	Processes int64 // processes and threads at one time
	Disk      int64 // bytes written below the slot's directory
}

// Fields returns all fields of l, for the messages between the executor's processes.
func (l *Limits) Fields() []*int64 {
	return []*int64{(*int64)(&l.CPU), (*int64)(&l.Wall), &l.Memory, &l.Output, &l.Processes, &l.Disk}
}

// rlimits returns the limits that the kernel enforces on each process of a run; the monitor
// enforces the limits of the tree. RLIMIT_AS is not set, because virtual machines reserve far more
// than they use. RLIMIT_NPROC counts the processes of a user id on the whole node, so it cannot be
// the limit of one run; it keeps a fork bomb that is faster than the monitor from taking every
// process id. It does not bind user id 0.
func rlimits(spec Spec) []spawn.Rlimit {
	l := spec.Limits
	stack := spec.Stack
	if stack == 0 {
		stack = defaultStack
	}
	stack = min(stack, l.Memory)
	openFiles := spec.OpenFiles
	if openFiles == 0 {
		openFiles = defaultOpenFiles
	}
	limits := []spawn.Rlimit{
		// In whole seconds, rounded up, plus one: the monitor is exact and counts the whole tree.
		{Resource: unix.RLIMIT_CPU, Value: uint64((l.CPU+time.Second-1)/time.Second) + 1},
		{Resource: unix.RLIMIT_DATA, Value: uint64(l.Memory + spec.Reserve + dataMargin)},
		{Resource: unix.RLIMIT_STACK, Value: uint64(stack)},
		{Resource: unix.RLIMIT_FSIZE, Value: uint64(l.Disk)},
		{Resource: unix.RLIMIT_NOFILE, Value: uint64(openFiles)},
		{Resource: unix.RLIMIT_NPROC, Value: maxNodeProcesses},
		{Resource: unix.RLIMIT_CORE, Value: 0},
		{Resource: unix.RLIMIT_MEMLOCK, Value: 64 << 10},
		{Resource: unix.RLIMIT_MSGQUEUE, Value: 0},
		{Resource: unix.RLIMIT_NICE, Value: 0},
		{Resource: unix.RLIMIT_RTPRIO, Value: 0},
	}
	for i, w := range limits {
		// An unprivileged process cannot raise a hard limit.
		limits[i].Value = min(w.Value, hardLimits()[w.Resource])
	}
	return limits
}

// hardLimits returns the hard limits of this process, by resource.
var hardLimits = sync.OnceValue(func() (hard [unix.RLIMIT_RTTIME + 1]uint64) {
	for resource := range hard {
		have := unix.Rlimit{Max: unix.RLIM_INFINITY}
		_ = unix.Getrlimit(resource, &have)
		hard[resource] = have.Max
	}
	return hard
})
