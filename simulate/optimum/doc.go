// Package optimum computes lower bounds of the cost of a trace in replica-seconds, for an
// autoscaler that knows every arrival in advance and has every pod ready when it is needed, if no
// submission may wait longer than the target.
//
// Data flows one way: a trace comes in, a number of replica-seconds goes out. The bounds follow
// from what every schedule must do, and not from one schedule. No schedule is cheaper. Possibly no
// schedule reaches a bound: the package is not for finding one. The package is pure.
package optimum
