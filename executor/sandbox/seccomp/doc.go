// Package seccomp filters the system calls of a slot's thread and of everything it starts.
//
// The filter allows by default and denies a list. An allow list would be stricter on paper, but the container runtime's own
// profile below it is one already, language runtimes change what they call with every release, and a contestant's program
// that dies on a harmless call is a wrong verdict. What the list must do is close what that profile leaves open to an
// attacker with the executor's own user id: reaching other processes, sockets, kernel objects that outlive a run, memory
// that no limit counts, and changes of mode or attributes, which Landlock does not cover. Calls newer than the list answer
// ENOSYS, so that a new kernel opens nothing by itself; a foreign architecture's call kills.
package seccomp
