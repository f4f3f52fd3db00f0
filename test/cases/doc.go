// Package cases holds what every language of the executor must judge rightly: a "hello", a program that reads a large
// input, one that hits the memory limit, one that hits the time limit and one that is no program.
//
// The sources are in testdata, one folder for each language or family. The executor's tests judge them in a slot, the
// end-to-end tests through the API of a pod.
package cases
