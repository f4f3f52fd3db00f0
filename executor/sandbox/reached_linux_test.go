package sandbox

import "slices"

// readableWithoutFileRules are files of others that a run reads or writes without file rules. A
// process that is not dumpable is always closed to others of its user, so of /proc this list has
// only what is open to all.
var readableWithoutFileRules = []string{
	"cmdline of another process", "another slot's box", "another slot's store", "compile cache", "another's file",
	"/etc/shadow", "/proc/self/environ", "/tmp", "/dev/shm", "/root", "..",
	"write to /dev/shm", "write to /tmp", "write beside the box",
	"truncate of another's file", "unlink of another's file",
}

// callsWithoutFilter are calls that reach the kernel without the filter. Calls that the kernel may
// deny to a run without capabilities are not in the list: raw and packet sockets, bpf, userfaultfd,
// chroot, mount, namespaces.
func callsWithoutFilter() []string {
	var sockets []string
	for _, family := range []string{"unix", "IPv4", "IPv6", "netlink", "vsock"} {
		for _, kind := range []string{"stream", "datagram", "packet"} {
			sockets = append(sockets, family+" "+kind+" socket")
		}
	}
	return slices.Concat(sockets, []string{
		"MPTCP socket", "socket for the metadata address", "socket for the API server", "connect", "bind", "listen", "accept",
		"abstract address", "connect by a pair", "datagram pair", "raw pair",
		"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "signal by pidfd", "limits of others",
		"user namespace", "child in a user namespace", "clone3",
		"keyctl", "add_key", "request_key", "shmget", "semget", "msgget", "mq_open",
		"perf_event_open", "chmod", "fchmodat2", "chown", "setxattr", "setxattrat", "inotify", "io_uring",
	})
}
