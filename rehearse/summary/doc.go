// Package summary turns the outcomes of a rehearsal's submissions into figures, a table, JSON, and a comparison of two
// rehearsals. It is pure: outcomes come in as values, and everything is written to an io.Writer that is given.
//
// Every submission is counted under exactly one Kind, so the kinds add up to Report.Submissions. Quantiles are by
// nearest rank: p95 of 200 waits is the 190th smallest, a wait that really happened.
package summary
