// Package seccomp filters the system calls of a slot's thread and of all processes that it starts.
//
// The filter allows by default and denies a list. The container runtime's profile below it is an
// allow list already. Language runtimes use other calls with every release, and a program that
// fails at a harmless call gets a wrong verdict. The list denies what that profile leaves open to
// an attacker with the executor's user id: other processes, sockets, kernel objects that outlive a
// run, memory that no limit counts, and changes of modes and attributes, which Landlock does not
// cover. Calls newer than the list return ENOSYS, so a new kernel opens nothing. A call of a
// foreign architecture kills the process.
package seccomp
