// Package server serves the executor's HTTP API: it accepts or rejects submissions, writes their
// responses, and reports the state, the totals, the readiness and the metrics of the executor.
//
// Data flow: request -> limit of the body -> api.Decode -> admission -> queue -> (package
// supervisor) -> response. Contract: a request is either answered with a problem, and then nothing
// of it ran, or accepted and answered with exactly one result. A full queue does not change the
// readiness: submissions get 503 while /readyz answers 200, because the removal of a full replica
// from the Service would move its load to the other replicas.
//
// The package starts no process and knows no language beyond its id. Package executor owns the
// listener and the shutdown.
package server
