// Package programs holds small programs in every language of the executor: the tests judge them,
// and a canary submission proves a replica with one of them.
//
// The sources are in one directory for each language, or for several languages that share them;
// the name of the directory lists the ids, separated by commas. The name of a file up to its
// first dot is the name of the program:
//
//	hello   prints hello
//	sum     reads two numbers, separated by a space, and prints their sum
//	input   reads numbers, one a line, and prints their sum; fast enough for 600,000 of them
//	memory  uses memory until it exceeds a limit of 128 MiB
//	time    never ends
//	library uses threads, files, signals, processes and times of the standard library, and prints ok
//	broken  does not compile; broken-at-run, of a language without a compiler, fails when it runs
//
// A file of Go has the extension .go.txt, so that the go command does not build it. The package
// knows nothing of how programs are compiled; see package toolchain.
package programs
