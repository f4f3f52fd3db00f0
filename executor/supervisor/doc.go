// Package supervisor is the parent process: it runs submissions in worker processes and keeps those alive.
//
// The Supervisor lives in the executor's main process. It starts the worker processes, each with its slots; each slot
// takes the head of the queue as soon as it is free, sends it over a pipe and waits for the result. Data flows
//
//	queue -> slot -> pipe (package wire) -> worker process (package worker) -> and back -> Job.Done
//
// A slot whose submissions are brief is sent the next one before it has done with the last; see ahead.
//
// Contract: every Job that a slot took is answered exactly once, at the latest Grace after the hard timeout, whatever
// becomes of the worker. A worker that dies or falls silent costs only the jobs in its own slots (InternalError); what
// it left behind is killed, reaped and wiped before its replacement starts. A slot counts as busy until the worker has
// reported, or is gone. Recycling (after a number of runs, or on demand) waits for the slots and loses nothing.
//
// The package knows nothing of HTTP and does not decide who may queue.
package supervisor
