// Package sandbox runs one untrusted process tree at a time per Slot, bounded and cut off from the network, from other
// slots and from the executor itself, in a pod without any privilege.
//
// A Slot is an OS thread that has once given up its privileges and most system calls (no_new_privs, capabilities, seccomp)
// and starts every run itself: a run inherits that over fork and exec, and enters the slot's Landlock rules between the
// two, so no helper program stands between executor and run. The thread also moves the run's input and output and waits
// for its end, so that a short run costs no change of thread. Limits that the kernel knows for single processes only are
// held by a monitor, which looks at runs that last (monitor_linux.go).
//
// In tier Namespaced the process that holds the slots has namespaces, a root and no capability of its own (package
// namespace); the slots are the same.
//
// Data flows one way: Spec -> Slot.Run -> Result. The package knows no language, queue or HTTP.
package sandbox
