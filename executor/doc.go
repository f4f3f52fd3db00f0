// Package executor is the whole life of an executor process. It is the process with process id 1 of a replica.
//
// Data flows: Options -> Run: probe the isolation, start the workers (package worker), serve HTTP (package server), drain at SIGTERM,
// write the termination message. SIGHUP replaces the workers one after the other. Contract: when Run returns nil, every accepted
// submission has had its one answer.
//
// The package is not for anything that one of its parts can do alone: it decides only the order in which they start and end.
package executor
