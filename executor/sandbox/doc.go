// Package sandbox runs one untrusted process tree at a time in each Slot. Runs are bounded and
// isolated from the network, other slots and the executor, in a pod without privileges.
//
// A Slot is an OS thread that has dropped its privileges and most system calls (no_new_privs,
// capabilities, seccomp) and starts every run itself. A run inherits the restrictions over fork and
// exec and enters the slot's Landlock rules between the two, so there is no helper program between
// executor and run. The same thread moves input and output and waits for the end, so a short run
// needs no switch between threads. A monitor enforces the limits that the kernel enforces on single
// processes only (monitor_linux.go).
//
// In tier Namespaced the process with the slots has its own namespaces and root and no capability
// (package namespace); the slots are the same.
//
// Data flow: Spec -> Slot.Run -> Result. The package knows nothing of languages, queues and HTTP.
// Package probe finds the tier that holds.
package sandbox
