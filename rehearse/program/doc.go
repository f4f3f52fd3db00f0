// Package program holds the programs that a rehearsal submits, each with the answer it must get.
//
// Load turns a flat folder into []Program: NAME.EXT is a source, NAME.in its standard input, NAME.out what it must print.
// The folder is flat so that a ConfigMap can carry it, and NAME may be shared: sum.c and sum.py answer to one sum.out.
// A comment within a source's first five lines sets what the file name does not say:
//
//	// rehearse: weight=3 language=cpp20 verdict=TimeLimit wallMillis=2000
//
// Check compares an executor's result with the expectation. The package reads files through fs.FS alone; who submits
// what, and when, is package plan's part.
package program
