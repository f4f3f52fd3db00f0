// Package contests keeps the status of every Contest.
//
// Data flows one way: observe (the pool, its other contests, its ready pods and, while a plan is
// made, the quotas, the nodes and the prewarm pods) -> decide (package contest) -> record (package
// recording) -> status, which is written once and only if it changed. Only observe and the write of
// the status do IO.
//
// The package writes no object of a pool. Package pool reads the floors of the contests from their
// statuses.
package contests
