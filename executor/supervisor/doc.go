// Package supervisor is the parent process of the executor: it runs jobs in worker processes.
//
// The Supervisor lives in the main process. It starts the worker processes and gives each free slot
// the head of the queue. Data flows
//
//	queue -> slot -> pipe (package wire) -> worker process (package worker) -> pipe -> slot -> Job.Done
//
// A slot gets its jobs from a source, which prefetches the next job while the jobs are brief.
//
// Contract: every job that a slot popped is answered exactly once, at the latest Grace after the
// hard timeout, whatever happens to the worker. A worker that ends or is silent costs only the jobs
// in its own slots, which get InternalError. Its orphans are killed and reaped and its directories
// are emptied before its replacement starts. A slot counts as busy until the worker has sent the
// completion or has ended. Recycling, after a number of runs or on demand, waits for the slots and
// loses no job.
//
// The package knows nothing of HTTP and does not decide which submissions are accepted.
package supervisor
