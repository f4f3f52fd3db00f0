// Package spawn starts one program from the calling OS thread; the program inherits the thread's
// restrictions.
//
// It replaces os/exec because limits, process group and Landlock rules must be in force before the
// first instruction of the program, and because an error must name the failed step. Start forks as
// the Go standard library does (vfork, shared memory, no allocation in the child), so it costs what
// a plain fork and exec cost. The caller waits for the process, kills it and measures it.
package spawn
