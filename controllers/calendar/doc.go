// Package calendar computes the floor of a pool from its contests, the phase of each contest, and
// the instant of the next change of either.
//
// A contest holds its replicas over [start - warm-up, end + cool-down], both ends included. The
// floors of overlapping contests add up. All functions depend only on the current specs and the
// time, not on earlier calls. A restarted manager, a contest that moves while it runs and a contest
// that is declared late therefore need no special case.
//
// The package is pure: time is an argument, and instants are compared as instants, whatever their
// UTC offset. Package capacity computes the number of replicas that a contest needs.
package calendar
