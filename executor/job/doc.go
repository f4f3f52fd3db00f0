// Package job is a submission inside the executor, from its acceptance to its one outcome.
//
// Contract: a Job is answered exactly once. The first outcome counts. Data flows
//
//	HTTP server -> queue -> slot of a supervisor -> Outcome -> HTTP server
//
// The package knows nothing of HTTP, processes or sandboxes, and does not decide who may queue.
package job
