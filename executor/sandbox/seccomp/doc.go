// Package seccomp filters the system calls of a slot's thread and of all processes that it starts.
//
// The filter is a table of what is allowed, with arguments: the calls that the toolchains use,
// which a test records, and those of contestants' programs that reach only the run itself. Other
// calls return ENOSYS, so a new kernel opens nothing, and libraries fall back as on an old kernel.
// Calls that attacks use are listed with EPERM, so that a test can tell the filter from the
// kernel. A call of a foreign architecture kills the process. docs/system-calls.md shows the
// table.
//
// The filter cannot see files: Landlock decides which of them a run opens. It applies to the
// slot's thread too. What the thread needs and a run must not do carries a token; see Options.
package seccomp
