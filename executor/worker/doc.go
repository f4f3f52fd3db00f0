// Package worker is the child process of the executor: Main serves a supervisor until the
// supervisor closes the control socket.
//
// Data flows
//
//	pipe (package wire) -> slot -> judge -> pipe
//
// Contract: each assignment that begins gets one completion on the pipe of its slot. The process
// ends when its control socket closes, and all its runs with it.
//
// The package does not decide which job runs where. It holds no state of a job after its
// completion.
package worker
