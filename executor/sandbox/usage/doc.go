// Package usage measures process groups through /proc: threads, CPU time and resident memory of every member.
//
// One Scanner reads the process table in one pass for all groups of interest; it serves package sandbox's monitor and
// keeps its buffers, so it is not for concurrent use. What it sees is a sample: a process may come and go between two.
package usage
