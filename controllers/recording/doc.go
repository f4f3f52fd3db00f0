// Package recording keeps the ledgers of contests: it asks the replicas of a contest's pool for their counts from the warm-up to
// the release, and puts the contest's report into the contest's status.
//
// Data flows one way: looks at the replicas (Recorder.Start) and termination messages of executors that ended
// (Recorder.Listen) -> ledgers (package report) -> report, checkpoint and the condition Reported (Recorder.Record, called by the
// contests' reconciler before it writes a status). A checkpoint carries a ledger over to the next process.
//
// What a count means and how a report is computed is for package report. The package does not write to the API server.
package recording
