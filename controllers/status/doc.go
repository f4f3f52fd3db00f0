// Package status decides what a pool's status says: from the pool, its Deployment, its pods and what the executors
// answered, to the next status, the events that the change is worth, and when to look again.
//
// The package is pure: time is an argument. Conditions hold causes in words and nothing that changes by itself (times,
// counters, back-off durations, random names), so that the status of a pool to which nothing happens is never written.
// Where several pods are at fault, the same one is named each time: the gravest fault, of the oldest pod.
//
// It does not decide how many replicas a pool wants, and it reads nothing: the reconciler gathers and writes.
package status
