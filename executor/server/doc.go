// Package server is the executor's HTTP side: it decides which submissions are accepted, waits for their answers, says
// how the executor is, and leaves in good order.
//
// Data flows: request -> body limit -> api.Decode -> admission -> queue -> (package worker) -> answer. Contract: a request
// either is refused with a problem document, and then nothing of it runs, or it is accepted and gets exactly one result.
// "Full" is never "not ready": a full queue answers 503 to submissions while /readyz stays 200, because taking a full
// replica out of the Service would push its load onto the others.
//
// The package starts no program and knows no language beyond its id.
package server
