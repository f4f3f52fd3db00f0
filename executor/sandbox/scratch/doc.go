// Package scratch keeps a slot's directories: what a run has left is listed, measured, moved and removed without ever
// following it anywhere.
//
// Every access goes through a descriptor of a directory and the plain name of one entry, never through a path, and never
// follows a symbolic link. Contents are hostile: directories without rights, trees deeper than a path may be long, FIFOs,
// many files. Empty and Take are for when no process of the run is left; Measure is for while one runs.
package scratch
