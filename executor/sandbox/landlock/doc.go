// Package landlock builds the file, network and scope restrictions of one slot and puts them on the calling thread.
//
// A Ruleset is a kernel object behind a descriptor: New makes it, Allow opens file hierarchies in it, Restrict takes every
// other right from the calling OS thread, for good, and from whatever that thread starts. It says nothing about what a run
// should be allowed; that list belongs to package sandbox.
package landlock
