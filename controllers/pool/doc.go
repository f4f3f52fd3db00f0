// Package pool makes the cluster match every ExecutorPool.
//
// Data flows one way: observe (reads through the cache, and what the poller was told last) -> replicas (by package autoscale) and
// status (by package status) -> objects (rendered by package resources) -> apply (what differs, under one field owner) -> status
// (written once, if it changed). Only observe, apply and the status write do IO.
//
// It is watch-driven: an owned object that is edited or deleted comes back at once. Beside the reconciler the poller of
// package sampling asks the replicas; the scaler of package scaling decides after each round, in memory, and wakes the reconciler
// when that gives something else than what was acted on. Timers only serve faults that become one by lasting, and obstacles that
// go unseen.
package pool
