// Package contests keeps the status of every Contest.
//
// Data flows one way: gather (the pool, its other contests, its ready pods; while a plan is made also the quotas, the nodes and the
// pods that prepare for the contest) -> decide (package contest) -> record (package recording) -> status, written once, if it
// changed. Only gather and the status write do IO.
//
// It writes nothing of a pool: the pool's own reconciler reads what its contests hold.
package contests
