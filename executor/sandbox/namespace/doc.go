// Package namespace starts a process in its own user, pid, mount, network, IPC and UTS namespaces,
// with a root that holds only the configured paths, and without capabilities.
//
//	Config.Command -> the program in new namespaces -> Main: ids, root, capabilities -> exec
//
// Main runs in the new namespaces with the capabilities that it needs, takes one step after
// another, and reports the first step that fails. The executed command is PID 1 of its pid
// namespace: when it ends, the kernel kills all its descendants.
//
// The package needs no privileges where user namespaces are allowed, and treats user id 0 like any
// other. It needs Linux 5.12 or newer (mount_setattr). It knows nothing of slots and runs.
package namespace
