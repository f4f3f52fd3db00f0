// Package report makes a contest's report: what its pool's replicas took in, how they judged it, and how long it waited, from
// the contest's start to its release.
//
// Data flows one way: looks at the pool's replicas (Ledger.Add, every few seconds) -> sums -> Render. Replicas count since
// their process started, so a ledger adds up what each count gained from one look to the next; a process that is new counts
// from 0. What a replica told before the start is where its counts begin. A Ledger survives its process as a Checkpoint: as
// counts are kept per replica, those of replicas that live on are exact however long nobody looked.
//
// What could not be seen is never guessed into a sum. A replica that goes without having told its last, or was not known
// before the start, makes the report incomplete, with words that say which and a bound on what may be missing.
//
// The package is pure: time is an argument, and who asks the replicas is package sampling.
package report
