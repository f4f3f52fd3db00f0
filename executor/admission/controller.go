package admission

import (
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
)

// Config configures a Controller. All fields are required.
type Config struct {
	Queue *queue.Queue[*job.Job]
	// Slots returns the number of slots that take jobs from Queue.
	Slots func() int
	// MaxWait is the longest queue wait. The deadline of a job is its acceptance plus MaxWait.
	MaxWait time.Duration
	Clock   queue.Clock
}

// Controller accepts or rejects jobs, and counts them. Any number of goroutines may use it. Use
// New.
type Controller struct {
	cfg       Config
	estimator Estimator
	counters  Counters
	totals    *Totals
}

// New returns a controller that has accepted nothing.
func New(cfg Config) *Controller {
	return &Controller{cfg: cfg, totals: NewTotals(cfg.Clock)}
}

// Estimator returns the estimator of the service time and of the queue wait.
func (c *Controller) Estimator() *Estimator { return &c.estimator }

// Counters returns the counts of all submissions.
func (c *Controller) Counters() *Counters { return &c.counters }

// Totals returns the counts of all submissions but canaries.
func (c *Controller) Totals() *Totals { return c.totals }

// Options are what a request asks of its admission.
type Options struct {
	// NoWait rejects the job unless a slot is free now.
	NoWait bool
	// Canary leaves the job out of Totals.
	Canary bool
}

// Accepted is an accepted job. The caller must call Wait once.
type Accepted struct {
	controller *Controller
	job        *job.Job
	ticket     *queue.Ticket[*job.Job]
	canary     bool
}

// Rejection is the answer to a job that was not accepted, or that was accepted and never ran.
// Nothing of the job ran.
type Rejection struct {
	Problem *api.Problem
	// RetryAfter is the time after which a retry is useful. It may be zero or negative; see the
	// bounds of the header Retry-After.
	RetryAfter time.Duration
}

func unavailable(retryAfter time.Duration, reason, format string, args ...any) *Rejection {
	return &Rejection{Problem: api.Unavailable(reason, format, args...), RetryAfter: retryAfter}
}

// Draining returns the rejection of a server that shuts down.
func Draining() *Rejection {
	return unavailable(time.Second, api.ReasonDraining, "this executor is shutting down; another one takes the submission")
}

// Admit gives the job to a free slot or adds it to the queue. Otherwise it returns a rejection with
// one of the reasons ReasonNoFreeSlot (only with NoWait), ReasonDeadline, ReasonQueueFull and
// ReasonDraining. The caller counts rejections, because it also rejects requests that never reach a
// controller.
func (c *Controller) Admit(j *job.Job, o Options) (Accepted, *Rejection) {
	ticket, rejection := c.enqueue(j, o.NoWait)
	if rejection != nil {
		return Accepted{}, rejection
	}
	c.counters.accepted.Add(1)
	if !o.Canary {
		c.totals.CountAccepted(c.cfg.Queue.Depth())
	}
	return Accepted{controller: c, job: j, ticket: ticket, canary: o.Canary}, nil
}

func (c *Controller) enqueue(j *job.Job, noWait bool) (*queue.Ticket[*job.Job], *Rejection) {
	var ticket *queue.Ticket[*job.Job]
	var err error
	if noWait {
		ticket, err = c.cfg.Queue.Offer(j)
	} else {
		now := c.cfg.Clock.Now()
		if wait, depth := c.exceedsDeadline(now); wait > 0 {
			return nil, unavailable(wait-c.cfg.MaxWait, api.ReasonDeadline,
				"%d submissions wait, at least %s; at most %s of waiting is allowed", depth, wait.Round(time.Second), c.cfg.MaxWait)
		}
		ticket, err = c.cfg.Queue.Push(j, now.Add(c.cfg.MaxWait))
	}
	switch {
	case err == nil:
		return ticket, nil
	case errors.Is(err, queue.ErrBusy):
		return nil, unavailable(time.Second, api.ReasonNoFreeSlot, "no slot is free, and %s: %s asked not to wait", api.HeaderQueue, api.QueueNone)
	case errors.Is(err, queue.ErrFull):
		// The queue has a free place as soon as any slot becomes free.
		return nil, unavailable(c.estimator.ServiceTime()/time.Duration(max(1, c.cfg.Slots())), api.ReasonQueueFull,
			"all %d places of the queue are taken", c.cfg.Queue.Capacity())
	case errors.Is(err, queue.ErrClosed):
		return nil, Draining()
	default:
		return nil, &Rejection{Problem: api.Internal(fmt.Sprintf("the queue refused the submission: %s", err))}
	}
}

// exceedsDeadline returns the shortest possible queue wait of a new job if the wait exceeds
// MaxWait, and the queue depth. It returns 0 if the job may start in time.
func (c *Controller) exceedsDeadline(now time.Time) (wait time.Duration, depth int) {
	slots := c.cfg.Slots()
	if c.estimator.MinWaitBehind(c.cfg.Queue.Depth(), slots) <= c.cfg.MaxWait {
		return 0, 0
	}
	deadlines := c.cfg.Queue.Deadlines()
	if wait = c.estimator.MinWait(now, deadlines, slots); wait <= c.cfg.MaxWait {
		return 0, 0
	}
	return wait, len(deadlines)
}

// Wait waits for the outcome of the job, counts it and returns it. When the job's context ends
// first, the job leaves the queue and its outcome is Abandoned; a job that a slot has already taken
// is ended by the slot.
func (a Accepted) Wait() job.Outcome {
	o := a.outcome()
	if o.Disposition == job.Ran {
		a.controller.estimator.Observe(o.Held)
	}
	a.controller.counters.countOutcome(o)
	if !a.canary {
		a.controller.totals.CountOutcome(o)
	}
	return o
}

func (a Accepted) outcome() job.Outcome {
	select {
	case o := <-a.job.Done():
		return o
	case <-a.job.Context.Done():
	}
	if a.ticket.Remove() {
		return job.Outcome{Disposition: job.Abandoned}
	}
	// A slot has the job and ends it at once, or the outcome is about to arrive.
	return <-a.job.Done()
}

// Rejected returns the rejection that answers an outcome. It returns nil for Ran, which a result
// answers, and for Abandoned, which nobody reads.
func (c *Controller) Rejected(o job.Outcome) *Rejection {
	switch o.Disposition {
	case job.Expired:
		return unavailable(time.Second, api.ReasonQueueTimeout, "no slot became free within %s; the submission was not run", c.cfg.MaxWait)
	case job.Dropped:
		return unavailable(time.Second, api.ReasonDraining, "this executor stopped at once; the submission was not run")
	default:
		return nil
	}
}
