// Package status decides the status of a pool. Decide takes the pool, its Deployment, its pods and
// the states that its executors reported, and returns the next status, the events for the
// difference, and the time of the next check.
//
// The package is pure: time is an argument. Conditions hold causes and nothing that changes by
// itself, such as times, counters, back-off durations and random names, so the status of an
// unchanged pool is never written. Where several pods have faults, the conditions name the most
// severe fault of the oldest pod, so that the name does not change.
//
// The package does not decide the number of replicas, and it neither reads nor writes the cluster.
// Package pool does both.
package status
