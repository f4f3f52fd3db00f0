// Package pool makes the cluster match every ExecutorPool.
//
// Data flows one way: observe (objects and pods from the cache, replica states from the poller) ->
// replicas (by package autoscale) -> objects (rendered by package resources) -> apply (the objects
// that differ, with one field owner) -> status (by package status, written once and only if it
// changed). Only observe, apply and the write of the status do IO.
//
// The controller is driven by watches: a change of an owned object starts a reconcile. The poller
// of package sampling asks the replicas. After each sample package scaling decides in memory, and
// wakes the reconciler if the decision differs from the last applied one. Timers serve only faults
// that depend on time and obstacles that no watch shows.
package pool
