package job

import (
	"context"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/queue"
)

// Disposition is the way in which a job left the executor.
type Disposition int

const (
	// Ran: a slot ran the job. Outcome.Result is the answer.
	Ran Disposition = iota
	// Expired: the deadline of the job passed while it was in the queue. Nothing of it ran.
	Expired
	// Dropped: the executor stopped at once before a slot received the job. Nothing of it ran.
	Dropped
	// Abandoned: the client closed its connection. Nobody reads the answer.
	Abandoned
)

// Outcome is the one answer to a Job.
type Outcome struct {
	Disposition Disposition
	// Result is valid for Ran only.
	Result api.Result
	// Held is the service time: how long the slot held the job until the job was answered.
	Held time.Duration
	// Waited is the queue wait. It is zero for a job that never reached a slot.
	Waited time.Duration
	// Free returns the memory of Result to the budget; nil if it has none. Whoever gets the outcome
	// calls Release when the client has read the answer.
	Free func()
}

// Release returns the memory of the result to the budget.
func (o Outcome) Release() {
	if o.Free != nil {
		o.Free()
	}
}

// Job is one submission inside the executor. Use New.
type Job struct {
	ID      string
	Request *api.Request
	// Context ends when the client closes its connection.
	Context context.Context

	answered atomic.Bool
	done     chan Outcome
}

// New returns a job for a valid request.
func New(ctx context.Context, id string, req *api.Request) *Job {
	return &Job{ID: id, Request: req, Context: ctx, done: make(chan Outcome, 1)}
}

// Done returns the channel that delivers the outcome, once.
func (j *Job) Done() <-chan Outcome { return j.done }

// Answer sets the outcome. Only the first call has an effect; the outcome of a later one is
// released.
func (j *Job) Answer(o Outcome) {
	if !j.answered.CompareAndSwap(false, true) {
		o.Release()
		return
	}
	j.done <- o
}

// NewQueue returns a queue of jobs. A job whose deadline passes in it is answered Expired.
func NewQueue(capacity int, clock queue.Clock) *queue.Queue[*Job] {
	return queue.New(capacity, clock, nil, func(j *Job) { j.Answer(Outcome{Disposition: Expired}) })
}
