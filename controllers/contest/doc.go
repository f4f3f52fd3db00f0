// Package contest decides what a Contest's status says: how many replicas it holds and why, from when to when, where it is
// and whether its pool is ready for it.
//
// Data flows one way: plan (sizes by package capacity, lead by package calendar) -> phase (package calendar) -> conditions
// and events. The plan is made anew, with what the pool's past tells, until its replicas are held; from then on only another
// spec changes it, so that no measurement during a contest moves its floor.
//
// The package is pure: time is an argument. The pool's reconciler reads plans by Entry and adds them up; nothing here writes
// or asks.
package contest
