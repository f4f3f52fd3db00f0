// Command bench measures what the sandbox costs, on this machine and in one run: `make bench`.
//
// It starts a real executor (2 workers of 1 slot, every protection on) and compares what comes through its HTTP API with a
// loop in C that starts the same program with nothing around it. Rounds of the two alternate, and a figure is the median of
// the rounds' ratios with its quartiles: a machine's speed changes from second to second, so rounds are short. What loads the
// executor is a program in C too, for the cores are shared.
//
// A round of throughput is not too short either. At its end one slot may rest for as long as the other's last submission takes,
// and at its begin both until the connections stand, while of the bare loops each is timed by itself. So rounds take about a
// second for C and three for Python and Java: of submissions of one run the ends are then less than half a percent, against
// the executor. (Of 20 runs a submission the last one can be a fiftieth; both slots have as many, so it is less as a rule.)
package main
