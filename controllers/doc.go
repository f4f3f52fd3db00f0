// Package controllers makes the cluster match every ExecutorPool.
//
// Data flows one way: gather (reads through the cache, samples of the executors) -> decide (replicas, and package status)
// -> render (package resources) -> apply (what differs, under one field owner) -> status (written once, if it changed).
// Only gather, apply and the status write do IO.
//
// It is watch-driven: an owned object that is edited or deleted comes back at once. Timers only serve the sampled numbers
// and faults that become one by lasting.
package controllers
