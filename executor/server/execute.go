package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
)

// execute answers POST /v1/execute. It runs on the goroutine of the connection. A submission older
// than watchDelay gets a second goroutine that detects the disconnect of the client.
func (s *Server) execute(ctx *fasthttp.RequestCtx) {
	totals := s.totalsFor(&ctx.Request.Header)
	if p, retryAfter := s.notAccepting(); p != nil {
		s.reject(ctx, totals, p, retryAfter)
		return
	}
	body, release, problem := s.readBody(ctx)
	defer release()
	if problem != nil {
		s.reject(ctx, totals, problem, time.Second)
		return
	}
	req, problem := api.Decode(body, s.cfg.Bounds)
	if problem == nil && !s.known[req.Language] {
		problem = api.UnknownLanguage(req.Language, s.ids)
	}
	if problem != nil {
		s.reject(ctx, totals, problem, time.Second)
		return
	}

	jobCtx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j := job.New(jobCtx, s.nextID(), req)
	ticket, problem, retryAfter := s.admit(j, string(ctx.Request.Header.Peek("X-Queue")))
	if problem != nil {
		s.reject(ctx, totals, problem, retryAfter)
		return
	}
	totals.CountAccepted(s.cfg.Queue.Depth())
	o := s.await(ctx.Conn(), cancel, j, ticket)
	totals.CountOutcome(o)
	s.respond(ctx, totals, j, o)
}

// notAccepting returns the problem that rejects every submission at present, and its Retry-After.
// It returns nil while submissions are accepted.
func (s *Server) notAccepting() (*api.Problem, time.Duration) {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return api.Unavailable(api.ReasonIsolation, "%s", s.isolationMessage()), time.Minute
	}
	if s.phaseIs(PhaseDraining) {
		return api.Unavailable(api.ReasonDraining, "this executor is shutting down; another one takes the submission"), time.Second
	}
	return nil, 0
}

// admit adds the job to the queue, or returns the problem that rejects the job, and its
// Retry-After.
func (s *Server) admit(j *job.Job, mode string) (*queue.Ticket[*job.Job], *api.Problem, time.Duration) {
	q := s.cfg.Queue
	now := s.cfg.Clock.Now()
	var ticket *queue.Ticket[*job.Job]
	var err error
	switch mode {
	case "none":
		ticket, err = q.Offer(j)
	case "":
		if wait, depth := s.exceedsDeadline(now); wait > 0 {
			return nil, api.Unavailable(api.ReasonDeadline, "%d submissions wait, at least %s; at most %s of waiting is allowed",
				depth, wait.Round(time.Second), s.cfg.QueueWait), wait - s.cfg.QueueWait
		}
		ticket, err = q.Push(j, now.Add(s.cfg.QueueWait))
	default:
		return nil, api.Invalid("", "the header X-Queue is %q; the only value is none, which refuses what no slot is free for", mode), 0
	}
	switch {
	case err == nil:
		s.accepted.Add(1)
		return ticket, nil, 0
	case errors.Is(err, queue.ErrBusy):
		return nil, api.Unavailable(api.ReasonNoFreeSlot, "no slot is free, and X-Queue: none asked not to wait"), time.Second
	case errors.Is(err, queue.ErrFull):
		// The queue has a free place as soon as any slot becomes free.
		return nil, api.Unavailable(api.ReasonQueueFull, "all %d places of the queue are taken", q.Capacity()),
			s.estimator.ServiceTime() / time.Duration(max(1, s.cfg.Slots.Slots()))
	case errors.Is(err, queue.ErrClosed):
		return nil, api.Unavailable(api.ReasonDraining, "this executor is shutting down; another one takes the submission"), time.Second
	default:
		return nil, api.Internal(fmt.Sprintf("the queue refused the submission: %s", err)), 0
	}
}

// exceedsDeadline returns the shortest possible queue wait of a new submission if the wait exceeds
// its deadline, and the queue depth. It returns 0 if the submission may start in time.
func (s *Server) exceedsDeadline(now time.Time) (wait time.Duration, depth int) {
	slots := s.cfg.Slots.Slots()
	if s.estimator.MinWaitBehind(s.cfg.Queue.Depth(), slots) <= s.cfg.QueueWait {
		return 0, 0
	}
	deadlines := s.cfg.Queue.Deadlines()
	if wait = s.estimator.MinWait(now, deadlines, slots); wait <= s.cfg.QueueWait {
		return 0, 0
	}
	return wait, len(deadlines)
}

// await waits for the outcome of an accepted job and counts it. It calls cancel when the client
// closes its connection.
func (s *Server) await(client net.Conn, cancel func(), j *job.Job, ticket *queue.Ticket[*job.Job]) job.Outcome {
	defer watchDisconnect(client, cancel).stop()
	o := outcome(j, ticket)
	if o.Disposition == job.Ran {
		s.servedMillis.Add(uint64(o.Held.Milliseconds()))
		s.finished.Add(1)
	}
	// GET /v1/state reads answered before finished. This order keeps answered - finished from being
	// too high there.
	s.answered.Add(1)
	return o
}

func outcome(j *job.Job, ticket *queue.Ticket[*job.Job]) job.Outcome {
	select {
	case o := <-j.Done():
		return o
	case <-j.Context.Done():
	}
	if ticket.Remove() {
		return job.Outcome{Disposition: job.Abandoned}
	}
	// A slot has the job and ends it at once, or the outcome is about to arrive.
	return <-j.Done()
}

// respond counts the outcome of a job and writes the response.
func (s *Server) respond(ctx *fasthttp.RequestCtx, totals *admission.Totals, j *job.Job, o job.Outcome) {
	switch o.Disposition {
	case job.Ran:
		s.estimator.Observe(o.Held)
		s.metrics.observeResult(j.Request.Language, o)
		log := s.cfg.Log.Debug
		if o.Result.Verdict == api.InternalError {
			log = s.cfg.Log.Warn
		}
		log("submission answered", "id", o.Result.ID, "language", j.Request.Language, "verdict", o.Result.Verdict, "cause", o.Result.Cause)
		writeJSON(ctx, fasthttp.StatusOK, "application/json", o.Result)
	case job.Expired:
		s.metrics.observeQueueWait(s.cfg.QueueWait)
		s.reject(ctx, totals, api.Unavailable(api.ReasonQueueTimeout, "no slot became free within %s; the submission was not run", s.cfg.QueueWait), time.Second)
	case job.Dropped:
		s.reject(ctx, totals, api.Unavailable(api.ReasonDraining, "this executor stopped at once; the submission was not run"), time.Second)
	case job.Abandoned:
		// No client reads a response.
		ctx.SetConnectionClose()
		s.metrics.countRejection(api.ReasonClientGone)
	}
}

// reject counts a request that is not run, by the problem, and writes the problem.
func (s *Server) reject(ctx *fasthttp.RequestCtx, totals *admission.Totals, p *api.Problem, retryAfter time.Duration) {
	reason := rejectionReason(p)
	s.metrics.countRejection(reason)
	totals.CountRejection(reason)
	if p.Status == fasthttp.StatusServiceUnavailable {
		writeRejection(ctx, p, retryAfter)
		return
	}
	writeProblem(ctx, p)
}
