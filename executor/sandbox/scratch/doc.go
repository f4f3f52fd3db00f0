// Package scratch lists, measures, moves and removes the files in a slot's directories.
//
// Every access uses the descriptor of a directory and the name of one entry, never a path, and
// never follows a symbolic link. The content is hostile: directories without permissions, trees
// deeper than PATH_MAX, FIFOs, many files. Empty and MoveFrom require that no process of the run is
// left; Measure works while a run writes.
package scratch
