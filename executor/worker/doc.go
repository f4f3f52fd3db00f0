// Package worker is the child process: Main serves a supervisor until the supervisor closes the connection.
//
// Data flows
//
//	pipe (package wire) -> slot -> judge -> pipe
//
// Contract: each assignment that begins is answered with one verdict on the pipe of its slot. The process ends when its
// socket closes, and with it every run.
//
// The package does not decide what runs where, and keeps nothing: that is the supervisor's.
package worker
