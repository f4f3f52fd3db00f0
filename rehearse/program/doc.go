// Package program holds the programs that a rehearsal submits, each with the answer that is right.
//
// Load reads a flat folder into []Program: NAME.EXT is a source, NAME.in its standard input, and
// NAME.out its expected output. The folder is flat so that a ConfigMap can hold it. Sources may
// share a NAME: sum.out is the expected output of sum.c and of sum.py. A comment within the first
// five lines of a source sets what the file name does not say:
//
//	// rehearse: weight=3 language=cpp20 verdict=TimeLimit wallMillis=2000
//
// Check compares a result with the expectation. The package reads files through fs.FS alone. It
// does not decide who submits what and when: package plan does.
package program
