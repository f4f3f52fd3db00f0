// Command bench measures what the sandbox costs, on this machine and in one run: `make bench`.
//
// It starts a real executor (2 workers of 1 slot, every protection on) and compares what comes through its HTTP API with a
// loop in C that starts the same program with nothing around it. Rounds of the two alternate, and a figure is the median of
// the rounds' ratios with its quartiles: a machine's speed changes from second to second, so rounds are short. What loads the
// executor is a program in C too, for the cores are shared.
package main
