// Package grammar draws programs of makers of kernel objects for the interpreter
// testdata/objects.c of the directory above. A seed determines a program.
//
//	program   = { statement } .
//	statement = name [ number [ number ] ] [ "{" program "}" ] .
//
// Forms lists the names and the range of their numbers. Draw uses swarm testing (Groce et al.,
// ISSTA 2012): each program draws from a few names of its own, because a program of all names makes
// few objects of each kind. Sizes have all magnitudes up to what breaks an executor that does not
// count the object.
// Smaller returns the programs to try in order to minimise one that failed.
package grammar
