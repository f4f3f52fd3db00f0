// Package sandbox runs one untrusted process tree at a time per Slot, bounded and cut off from the network, from other
// slots and from the executor itself, in a pod without any privilege.
//
// A Slot is an OS thread that has given up its rights once (no_new_privs, Landlock, seccomp) and from then on only starts
// runs; what it starts inherits the restrictions over fork and exec, so no helper program stands between executor and run.
// Data flows one way: Spec -> Slot.Run -> Result. The package knows no language, queue or HTTP.
package sandbox
