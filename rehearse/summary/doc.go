// Package summary turns the outcomes of a rehearsal's submissions into figures, a table, JSON, and
// a comparison of two rehearsals. It is pure: outcomes come in as values, and the texts go to an
// io.Writer.
//
// Every submission counts under exactly one Kind, so that the kinds add up to Summary.Submissions.
// Quantiles are by nearest rank: p95 of 200 waits is the 190th smallest, which is the wait of a
// submission.
package summary
