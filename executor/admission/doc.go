// Package admission decides whether a server accepts a submission, and counts accepted and rejected
// submissions.
//
// Data flow: job -> Controller.Admit -> queue, or a Rejection with its reason and Retry-After. An
// Accepted job waits for its outcome in Wait. Service times of outcomes -> Estimator -> the
// shortest possible queue wait of the next job. Acceptances, outcomes and rejections -> Counters
// (GET /v1/state, metrics) and Totals (GET /v1/totals).
//
// Contract: Admit never blocks. A rejected job never runs. An accepted job has exactly one outcome,
// and each count includes it once.
//
// The package imports no HTTP library, so that servers over any of them use it. It does not read
// bodies, limit their memory or know whether the process is ready: the server rejects those
// requests before Admit.
package admission
