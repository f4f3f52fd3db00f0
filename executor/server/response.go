package server

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
)

// maxPooledBuffer is the size in bytes above which a buffer is not kept for the next request or
// response.
const maxPooledBuffer = 256 << 10

// writeJSON writes a response with one document. The whole document is encoded first, so that the
// response has a Content-Length and a client detects a truncated one.
func writeJSON(ctx *fasthttp.RequestCtx, status int, contentType string, document any) {
	ctx.ResetBody()
	ctx.SetStatusCode(status)
	ctx.SetContentType(contentType)
	enc := json.NewEncoder(ctx)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		// Only types of this module are encoded, so that an error is a fault of the program.
		panic(err)
	}
}

func writeProblem(ctx *fasthttp.RequestCtx, p *api.Problem) {
	writeJSON(ctx, p.Status, api.ContentTypeProblem, p)
}

// writeRejection writes a 503 with Retry-After. It closes the connection: a Service balances
// connections, not requests, and a retry on the same connection would reach the same full replica.
// A client that sends X-Queue: none chooses the replica itself, and its connection stays open.
func writeRejection(ctx *fasthttp.RequestCtx, r *admission.Rejection) {
	if r.Problem.Reason != api.ReasonNoFreeSlot {
		ctx.SetConnectionClose()
	}
	ctx.Response.Header.Set(api.HeaderRetryAfter, strconv.Itoa(retrySeconds(r.RetryAfter)))
	writeProblem(ctx, r.Problem)
}

// retrySeconds returns the value of Retry-After: d rounded up to whole seconds, within
// api.MinRetryAfterSeconds and api.MaxRetryAfterSeconds.
// The lower bound prevents a retry at once; the upper bound keeps a client from waiting past the
// end of a burst.
func retrySeconds(d time.Duration) int {
	return int(min(max((d+time.Second-1)/time.Second, api.MinRetryAfterSeconds), api.MaxRetryAfterSeconds))
}
