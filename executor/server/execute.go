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

// execute answers POST /v1/execute. It runs on the connection's own goroutine; only for a submission that takes a while is another
// one started, to see whether the client is still there.
func (s *Server) execute(ctx *fasthttp.RequestCtx) {
	counts := s.countsOf(&ctx.Request.Header)
	if p, after := s.closed(); p != nil {
		s.reject(ctx, counts, p, after)
		return
	}
	body, release, problem := s.readBody(ctx)
	defer release()
	if problem != nil {
		s.reject(ctx, counts, problem, time.Second)
		return
	}
	req, problem := api.Decode(body, s.cfg.Bounds)
	if problem == nil && !s.known[req.Language] {
		problem = api.UnknownLanguage(req.Language, s.ids)
	}
	if problem != nil {
		s.reject(ctx, counts, problem, time.Second)
		return
	}

	there, leave := context.WithCancel(context.Background())
	defer leave()
	j := job.New(there, s.nextID(), req)
	ticket, problem, after := s.admit(j, string(ctx.Request.Header.Peek("X-Queue")))
	if problem != nil {
		s.reject(ctx, counts, problem, after)
		return
	}
	counts.Accept(s.cfg.Queue.Depth())
	o := s.await(ctx.Conn(), leave, j, ticket)
	counts.Finish(o)
	s.finish(ctx, counts, j, o)
}

// closed says whether no submission at all is accepted now.
func (s *Server) closed() (*api.Problem, time.Duration) {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return api.Unavailable(api.ReasonIsolation, "%s", s.isolationFault()), time.Minute
	}
	if s.phaseIs(Draining) {
		return api.Unavailable(api.ReasonDraining, "this executor is shutting down; another one takes the submission"), time.Second
	}
	return nil, 0
}

// admit puts the job into the queue, or says why not and when to come again.
func (s *Server) admit(j *job.Job, mode string) (*queue.Ticket[*job.Job], *api.Problem, time.Duration) {
	q := s.cfg.Queue
	now := s.cfg.Clock.Now()
	var ticket *queue.Ticket[*job.Job]
	var err error
	switch mode {
	case "none":
		ticket, err = q.Offer(j)
	case "":
		if wait, n := s.hopeless(now); wait > 0 {
			return nil, api.Unavailable(api.ReasonDeadline, "%d submissions wait, at least %s; at most %s of waiting is allowed",
				n, wait.Round(time.Second), s.cfg.QueueWait), wait - s.cfg.QueueWait
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
		// A place frees up when the next slot does.
		return nil, api.Unavailable(api.ReasonQueueFull, "all %d places of the queue are taken", q.Capacity()),
			s.service.Service() / time.Duration(max(1, s.cfg.Slots.Slots()))
	case errors.Is(err, queue.ErrClosed):
		return nil, api.Unavailable(api.ReasonDraining, "this executor is shutting down; another one takes the submission"), time.Second
	default:
		return nil, api.Internal(fmt.Sprintf("the queue refused the submission: %s", err)), 0
	}
}

// hopeless says how long a new submission would wait at least, if that is longer than it may, and behind how many.
func (s *Server) hopeless(now time.Time) (wait time.Duration, ahead int) {
	slots := s.cfg.Slots.Slots()
	if s.service.Behind(s.cfg.Queue.Depth(), slots) <= s.cfg.QueueWait {
		return 0, 0
	}
	deadlines := s.cfg.Queue.Deadlines()
	if wait = s.service.LeastWait(now, deadlines, slots); wait <= s.cfg.QueueWait {
		return 0, 0
	}
	return wait, len(deadlines)
}

// await waits for the one outcome of an accepted job and counts it. It calls leave when the client goes away meanwhile.
func (s *Server) await(client net.Conn, leave func(), j *job.Job, ticket *queue.Ticket[*job.Job]) job.Outcome {
	defer watchClient(client, leave).end()
	o := outcome(j, ticket)
	if o.Fate == job.Ran {
		s.served.Add(uint64(o.Held.Milliseconds()))
		s.finished.Add(1)
	}
	// Last, as it is read first: what is answered and not finished is never more than it was.
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
		return job.Outcome{Fate: job.Abandoned}
	}
	// A slot has it, ends it at once and says so; or its outcome is on its way.
	return <-j.Done()
}

// finish counts the outcome and writes it.
func (s *Server) finish(ctx *fasthttp.RequestCtx, counts *admission.Totals, j *job.Job, o job.Outcome) {
	switch o.Fate {
	case job.Ran:
		s.service.Observe(o.Held)
		s.metrics.ran(j.Request.Language, o)
		log := s.cfg.Log.Debug
		if o.Result.Verdict == api.InternalError {
			log = s.cfg.Log.Warn
		}
		log("submission answered", "id", o.Result.ID, "language", j.Request.Language, "verdict", o.Result.Verdict, "cause", o.Result.Cause)
		writeJSON(ctx, fasthttp.StatusOK, "application/json", o.Result)
	case job.Expired:
		s.metrics.waited(s.cfg.QueueWait)
		s.reject(ctx, counts, api.Unavailable(api.ReasonQueueTimeout, "no slot became free within %s; the submission was not run", s.cfg.QueueWait), time.Second)
	case job.Dropped:
		s.reject(ctx, counts, api.Unavailable(api.ReasonDraining, "this executor was told to stop at once; the submission was not run"), time.Second)
	case job.Abandoned:
		// Nobody reads; what is counted is that the place was given up.
		ctx.SetConnectionClose()
		s.metrics.rejected(api.ReasonClientGone)
	}
}

// reject answers with a problem and counts it.
func (s *Server) reject(ctx *fasthttp.RequestCtx, counts *admission.Totals, p *api.Problem, after time.Duration) {
	reason := rejectionReason(p)
	s.metrics.rejected(reason)
	counts.Reject(reason)
	if p.Status == fasthttp.StatusServiceUnavailable {
		refuse(ctx, p, after)
		return
	}
	writeProblem(ctx, p)
}
