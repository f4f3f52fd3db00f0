// Package recording keeps the ledgers of contests. It asks the replicas of a contest's pool for
// their counts from the warm-up to the release, and adds the report to the contest's status.
//
// Data flows one way: snapshots of the replicas (Recorder.Start) and termination messages
// (Recorder.WatchTerminations) -> ledgers (package report) -> report, checkpoint and the condition
// Reported (Recorder.Record). Package contests calls Record before it writes a status. A checkpoint
// carries a ledger over to the next process.
//
// Package report defines the counts and computes the report. This package does not write to the API
// server.
package recording
