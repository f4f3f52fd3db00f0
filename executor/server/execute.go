package server

import (
	"context"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
)

// execute answers POST /v1/execute. It runs on the goroutine of the connection. A submission older
// than watchDelay gets a second goroutine that detects the disconnect of the client.
func (s *Server) execute(ctx *fasthttp.RequestCtx) {
	canary := string(ctx.Request.Header.Peek(api.HeaderPurpose)) == api.PurposeCanary
	if rejection := s.notAccepting(); rejection != nil {
		s.reject(ctx, canary, rejection)
		return
	}
	body, problem := s.readBody(ctx)
	defer body.release()
	if problem != nil {
		s.rejectProblem(ctx, canary, problem)
		return
	}
	req, problem := s.decode(body)
	if problem != nil {
		s.rejectProblem(ctx, canary, problem)
		return
	}

	noWait, problem := parseQueueMode(string(ctx.Request.Header.Peek(api.HeaderQueue)))
	if problem != nil {
		s.rejectProblem(ctx, canary, problem)
		return
	}

	jobCtx, cancel := context.WithCancel(context.Background())
	defer cancel()
	j := job.New(jobCtx, s.nextID(), req)
	accepted, rejection := s.admission.Admit(j, admission.Options{NoWait: noWait, Canary: canary})
	if rejection != nil {
		s.reject(ctx, canary, rejection)
		return
	}
	s.respond(ctx, canary, j, await(ctx.Conn(), cancel, accepted))
}

// await waits for the outcome of an accepted job. It calls cancel when the client closes its
// connection.
func await(client net.Conn, cancel func(), accepted admission.Accepted) job.Outcome {
	defer watchDisconnect(client, cancel).stop()
	return accepted.Wait()
}

// notAccepting returns the rejection of every submission in the executor's present phase and
// isolation tier. It returns nil while submissions are accepted.
func (s *Server) notAccepting() *admission.Rejection {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return &admission.Rejection{
			Problem:    api.Unavailable(api.ReasonIsolation, "%s", s.isolationMessage()),
			RetryAfter: time.Minute,
		}
	}
	if s.phaseIs(PhaseDraining) {
		return admission.Draining()
	}
	return nil
}

// parseQueueMode returns whether the value of the header X-Queue asks for a free slot, without a
// queue wait.
func parseQueueMode(value string) (noWait bool, problem *api.Problem) {
	switch value {
	case api.QueueNone:
		return true, nil
	case "":
		return false, nil
	default:
		return false, api.Invalid("", "the header %s is %q; the only value is %s, which rejects a submission that no slot is free for",
			api.HeaderQueue, value, api.QueueNone)
	}
}

// respond counts the outcome of a job in the metrics and writes the response.
func (s *Server) respond(ctx *fasthttp.RequestCtx, canary bool, j *job.Job, o job.Outcome) {
	switch o.Disposition {
	case job.Ran:
		s.metrics.observeResult(j.Request.Language, o)
		log := s.cfg.Log.Debug
		if o.Result.Verdict == api.InternalError {
			log = s.cfg.Log.Warn
		}
		log("submission answered", "id", o.Result.ID, "language", j.Request.Language, "verdict", o.Result.Verdict, "cause", o.Result.Cause)
		writeResult(ctx, o)
	case job.Expired:
		s.metrics.observeQueueWait(s.cfg.QueueWait)
		s.reject(ctx, canary, s.admission.Rejected(o))
	case job.Dropped:
		s.reject(ctx, canary, s.admission.Rejected(o))
	case job.Abandoned:
		// No client reads a response.
		ctx.SetConnectionClose()
		s.metrics.countRejection(api.ReasonClientGone)
	}
}

// reject counts a request that is not run, by the problem, and writes the problem. Totals leave
// out canaries.
func (s *Server) reject(ctx *fasthttp.RequestCtx, canary bool, r *admission.Rejection) {
	reason := rejectionReason(r.Problem)
	s.metrics.countRejection(reason)
	if !canary {
		s.admission.Totals().CountRejection(reason)
	}
	if r.Problem.Status == fasthttp.StatusServiceUnavailable {
		writeRejection(ctx, r)
		return
	}
	writeProblem(ctx, r.Problem)
}

// rejectProblem is reject for a problem that the request or the memory budget causes. A retry is
// useful after a second, if at all.
func (s *Server) rejectProblem(ctx *fasthttp.RequestCtx, canary bool, p *api.Problem) {
	s.reject(ctx, canary, &admission.Rejection{Problem: p, RetryAfter: time.Second})
}
