// Package executor runs the whole life of an executor process, the process with process id 1 of a
// replica.
//
// Data flow: Options -> Run: probe the isolation, start the workers (package supervisor), serve
// HTTP (package server), drain at SIGTERM, write the termination message. Contract: when Run
// returns nil, every accepted submission has had its one answer.
//
// The package decides only the order in which the parts start and stop. It is not for work that one
// part can do alone.
package executor
