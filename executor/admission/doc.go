// Package admission decides whether a server accepts a submission, and counts accepted and rejected
// submissions.
//
// Data flow: service times -> Estimator -> the shortest possible queue wait of a new submission.
// Acceptances, outcomes and rejections -> Totals -> the document of GET /v1/totals.
//
// The package imports no HTTP library, so that servers over any of them use it.
package admission
