// Package step prints the progress of a command to a terminal, as one line per step with its
// duration.
//
// A Printer runs the function of a step and writes the line when the function returns. The lines
// are for people and have no fixed format; the package is not a logger.
package step
