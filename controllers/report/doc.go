// Package report computes the report of a contest: the submissions that the replicas of its pool
// accepted, their verdicts and their queue waits, from the start to the release.
//
// Data flows one way: snapshots of the replicas (Ledger.Add, every 2 s) -> sums -> Render. An
// executor counts from the start of its process. A ledger adds the increase of each counter from
// one snapshot to the next; a new process counts from 0. The counters of a replica at the start of
// the contest are its base. A Checkpoint carries a ledger over to the next process. Counts are kept
// for each replica, so those of surviving replicas are exact after any gap.
//
// A ledger adds no estimates. A replica that ends without its final counts, or whose counters were
// unknown at the start, makes the report incomplete. The report then names the replica and a bound
// on the missing submissions.
//
// The package is pure: time is an argument. Package recording takes the snapshots.
package report
