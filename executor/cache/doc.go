// Package cache stores the artifacts of compilations, so that the same source is not compiled
// again.
//
// A Cache is a directory that all worker processes of an executor share. It lies on the file system
// of the slots' directories and outside of the reach of runs. The file system is the index: an
// entry is a directory with its key as the name, renamed into place when it is complete. A hit
// links the entry's files into a slot's store and copies nothing. The least recently used entries
// are evicted.
//
// It is safe between contestants: an entry is created only by compiling exactly what its key
// hashes, in a sandbox that reaches nothing else; runs can neither write a linked file (Landlock)
// nor change its mode or attributes (seccomp). The cache lives as long as the executor: another
// image, with other compilers, starts with an empty one.
package cache
