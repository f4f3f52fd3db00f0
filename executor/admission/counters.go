package admission

import (
	"sync/atomic"

	"executorpool.dev/executor/job"
)

// Counters counts all submissions, canaries included, for GET /v1/state and the metrics. The zero
// value is ready for use, by any number of goroutines.
type Counters struct {
	accepted, answered, finished, servedMillis atomic.Uint64
}

// Counts is what Counters has counted since the start of the process.
type Counts struct {
	// Accepted submissions got a slot or a place in the queue. Answered ones have an outcome.
	Accepted, Answered uint64
	// Finished submissions ran. ServedMillis is the sum of their service times.
	Finished, ServedMillis uint64
}

// Read returns the counts. Answered is never higher than Accepted, and Answered - Finished never
// counts a submission that ran.
func (c *Counters) Read() Counts {
	// The order of the reads matters; see countOutcome.
	answered := c.answered.Load()
	return Counts{Answered: answered, Accepted: c.accepted.Load(), Finished: c.finished.Load(), ServedMillis: c.servedMillis.Load()}
}

// countOutcome increments answered last and Read loads it first, so that Read misses no other count
// of an answered submission.
func (c *Counters) countOutcome(o job.Outcome) {
	if o.Disposition == job.Ran {
		c.servedMillis.Add(uint64(o.Held.Milliseconds()))
		c.finished.Add(1)
	}
	c.answered.Add(1)
}
