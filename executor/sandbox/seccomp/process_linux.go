package seccomp

import "golang.org/x/sys/unix"

// namespaces are the CLONE_NEW* flags of clone(2).
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
	unix.CLONE_NEWPID | unix.CLONE_NEWNET

// processCalls returns the rows of the calls that make processes and threads.
func processCalls(_ Options) []Entry {
	return []Entry{
		{Calls: []string{"clone"}, Otherwise: Allow, Cases: []Case{
			{Text: "CLONE_NEW* in the flags", When: []Condition{hasAny(0, namespaces)}, Answer: refused},
			{Text: "CLONE_PARENT in the flags", When: []Condition{hasAny(0, unix.CLONE_PARENT)}, Answer: refused},
			{Text: "CLONE_VM without CLONE_THREAD and CLONE_VFORK in the flags", Answer: refused,
				When: []Condition{hasAny(0, unix.CLONE_VM), hasNone(0, unix.CLONE_THREAD|unix.CLONE_VFORK)}},
			{Text: "CLONE_THREAD without CLONE_FILES in the flags", Answer: refused,
				When: []Condition{hasAny(0, unix.CLONE_THREAD), hasNone(0, unix.CLONE_FILES)}},
		}, Note: "A sibling of the run would be a child of the executor. " +
			"Processes with one memory would be charged with it more than once. " +
			"/proc shows the descriptors of the first thread only."},
		{Calls: []string{"close_range"}, Otherwise: Allow, Cases: []Case{
			{Text: "CLOSE_RANGE_UNSHARE in the flags", When: []Condition{hasAny(2, unix.CLOSE_RANGE_UNSHARE)}, Answer: invalid},
		}, Note: "/proc shows the descriptors of the first thread only."},
		{Calls: []string{"fork", "vfork"}, Otherwise: Allow, Note: "Processes are counted by the executor."},
		{Calls: []string{"clone3"}, Otherwise: noSuchCall, Note: "The filter cannot read its flags, which lie in memory.",
			Fallback: "The C library uses clone."},
	}
}
