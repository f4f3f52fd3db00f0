// Package spawn starts one program from the calling OS thread, which keeps its restrictions to what it starts.
//
// It stands where os/exec cannot: limits, the process group and the border around a run must be in force before the first
// instruction of the program, and a failure must name its step. Start forks the way the Go standard library does (vfork,
// shared memory, no allocation in the child), so a start costs what a bare fork and exec costs. What happens to the process
// afterwards (waiting, killing, counting) is the caller's.
package spawn
