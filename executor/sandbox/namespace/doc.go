// Package namespace starts a process that shares nothing with the system around it but the kernel: it has user, pid, mount,
// network, IPC and host name namespaces of its own, a root that holds only what it was given, and not one capability.
//
//	Config.Command -> the program again, in new namespaces -> Main: ids, root, capabilities -> exec of the command itself
//
// Main runs in the new namespaces with the few capabilities it needs there, does one step after the other, and ends with the
// name of the first that fails. What it executes is PID 1 of its namespace: when it ends, the kernel ends all it has started.
//
// No privilege is asked for where user namespaces are allowed; for user id 0 nothing is different. Linux 5.12 or newer
// (mount_setattr). The package knows nothing of slots and runs.
package namespace
