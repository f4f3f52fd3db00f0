package job

import (
	"context"
	"sync/atomic"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/queue"
)

// Fate says by which door a job left.
type Fate int

const (
	// Ran: Outcome.Result is the answer.
	Ran Fate = iota
	// Expired: the job waited too long in the queue and was never run.
	Expired
	// Dropped: the executor shut down at once before a slot took the job.
	Dropped
	// Abandoned: the client went away; nobody reads the answer.
	Abandoned
)

// Outcome is the one answer to a Job.
type Outcome struct {
	Fate   Fate
	Result api.Result
	// Held is how long the slot had the job when it was answered.
	Held time.Duration
	// Waited is how long the job was in the queue; known when a slot took it.
	Waited time.Duration
}

// Job is one submission on its way through the queue and a slot.
type Job struct {
	ID      string
	Request *api.Request
	// Context ends when the client goes away.
	Context context.Context

	answered atomic.Bool
	done     chan Outcome
}

// New makes a job for a validated request.
func New(ctx context.Context, id string, req *api.Request) *Job {
	return &Job{ID: id, Request: req, Context: ctx, done: make(chan Outcome, 1)}
}

// Done delivers the outcome, once.
func (j *Job) Done() <-chan Outcome { return j.done }

// Answer gives the job its outcome; the first one counts.
func (j *Job) Answer(o Outcome) {
	if j.answered.CompareAndSwap(false, true) {
		j.done <- o
	}
}

// NewQueue makes the queue that a Supervisor feeds its slots from: a job that waits too long is answered Expired.
func NewQueue(capacity int, clock queue.Clock) *queue.Queue[*Job] {
	return queue.New(capacity, clock, func(j *Job) { j.Answer(Outcome{Fate: Expired}) })
}
