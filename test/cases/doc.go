// Package cases holds the submissions that every language of the executor must judge correctly:
// "hello", a program that reads a large input, one that exceeds the memory limit, one that
// exceeds the CPU limit, and one that does not compile.
//
// The sources are those of package programs. The executor's tests judge them in a slot, the
// end-to-end tests through the API of a pod.
package cases
