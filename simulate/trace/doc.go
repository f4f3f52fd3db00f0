// Package trace generates the arrival traces on which autoscalers are compared.
//
// Data flows one way: a seed comes in, traces go out. Equal seeds give equal traces. The package is
// pure. It is not for the fleet that serves a trace, which is package fleet.
package trace
