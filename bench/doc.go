// Command bench measures what the sandbox costs, on this machine and in one run: `make bench`.
//
// It starts a real executor (2 workers of 1 slot, every protection on) and compares what comes through its HTTP API with a
// loop in C that starts the same program with nothing around it. Rounds of the two alternate, and a figure is the median of
// the rounds' ratios with the least and the greatest: a machine's speed changes from minute to minute, a ratio less so.
package main
