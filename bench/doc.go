// Command bench measures the cost of the executor and of its sandbox on this machine: `make bench`.
//
// bench starts an executor with 2 workers of 1 slot each and every protection on. It compares the
// submissions through the HTTP API with a bare loop: a C program that starts the same program
// without executor and sandbox. The programs that submit and the bare loops are in C, because they
// share the cores with the executor.
//
// A figure is the median, with its quartiles, of ratios that are each measured in one round. Rounds
// alternate between the two sides and are short, because the speed of a virtual machine changes
// within seconds.
//
// A round of throughput must not be too short either. At its start both slots are idle until the
// connections exist, and at its end one slot is idle while the last submission of the other ends;
// each bare loop in contrast measures its own time. A round therefore takes about 1 s for C and 3 s
// for Python and Java, so that the start and the end cost the executor less than 0.5 % with one run
// per submission. With 20 runs per submission the last submission takes up to a fiftieth of a
// round, but both slots process the same number of submissions and usually end at about the same
// time.
//
// Package bench is not for load on a cluster; see command rehearse.
package main
