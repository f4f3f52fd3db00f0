// Package cache keeps what compilers made, so that a source that was compiled already is not compiled again.
//
// A Cache is a directory that all worker processes of an executor share, on the file system of the slots' directories and
// outside of what runs can reach. The file system is the index: an entry is a directory named by its key, moved into place
// when it is complete; a hit links its files into a slot's store, which copies nothing. The entries that were used longest
// ago go when there is too much.
//
// It is safe between contestants because an entry is only ever made by compiling exactly what its key names, in a sandbox
// that reaches nothing else, and because runs can neither write a linked file (Landlock) nor change its mode or attributes
// (seccomp). It lives as long as the executor: another image, with other compilers, begins with an empty one.
package cache
