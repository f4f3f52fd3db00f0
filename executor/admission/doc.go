// Package admission holds what decides whether an executor accepts a submission, and what counts the accepted and the refused ones.
//
// Data flows: slot times -> Estimator -> how long a new submission waits at least; accepted, finished and refused submissions ->
// Totals -> the document of GET /v1/totals. The package is free of any transport: it imports no HTTP library, so that a server over
// any of them uses it.
package admission
