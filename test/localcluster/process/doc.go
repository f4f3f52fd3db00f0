// Package process starts programs that outlive the command that started them, and stops them again, knowing each by a
// record: its process id together with its start time and the machine's boot id. A process id alone may by now belong
// to somebody else's program; the three together cannot.
//
// A command killed between starting a program and recording it leaves a program without a record. Ensure finds it by its
// exact argument list, which names the cluster's own folders, and records it before doing anything else.
//
// The package does not supervise: a program that dies stays dead until Ensure is called again.
package process
