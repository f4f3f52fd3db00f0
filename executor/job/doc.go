// Package job is a submission inside the executor, from its acceptance to its one outcome.
//
// Contract: a Job has exactly one Outcome. The first call of Answer sets it. Data flows
//
//	HTTP server -> queue -> slot of the supervisor -> Outcome -> HTTP server
//
// The package knows nothing of HTTP, processes or sandboxes, and does not decide which submissions
// are accepted.
package job
