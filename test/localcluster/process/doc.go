// Package process starts programs that outlive the command that started them, and stops them again.
// It identifies each program by a record: its process id, its start time and the boot id of the
// machine. A process id alone may belong to another program by now.
//
// A command that is killed after it started a program and before it recorded it leaves a program
// without a record. Ensure finds such a program by its exact argument list, which contains the
// cluster's own directories, and stops it before it starts the program anew.
//
// The package does not supervise: a program that ends is not started again before the next call of
// Ensure.
package process
