package server

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
)

// WritePatience bounds how long a client may take to read its answer.
const WritePatience = 30 * time.Second

// keptBuffer is how large a buffer may be to be kept for the next request or answer.
const keptBuffer = 256 << 10

// writeJSON answers with one document, and its length, so that the client sees a cut answer as what it is.
func writeJSON(ctx *fasthttp.RequestCtx, status int, contentType string, document any) {
	ctx.ResetBody()
	ctx.SetStatusCode(status)
	ctx.SetContentType(contentType)
	enc := json.NewEncoder(ctx)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document); err != nil {
		// Only our own types are encoded; an error is a fault of the program.
		panic(err)
	}
}

func writeProblem(ctx *fasthttp.RequestCtx, p *api.Problem) {
	writeJSON(ctx, p.Status, "application/problem+json", p)
}

// refuse is a 503 that says when to come again. It ends the connection: a Service balances connections, not requests, and who
// comes again on the same one meets the same full replica however many others there are. Who asks not to wait (X-Queue: none)
// chooses the replica itself and keeps it.
func refuse(ctx *fasthttp.RequestCtx, p *api.Problem, after time.Duration) {
	if p.Reason != api.ReasonNoFreeSlot {
		ctx.SetConnectionClose()
	}
	ctx.Response.Header.Set("Retry-After", strconv.Itoa(retrySeconds(after)))
	writeProblem(ctx, p)
}

// retrySeconds rounds up to whole seconds between 1 and 60: never "at once", never so long that a client sits out the
// end of the rush.
func retrySeconds(after time.Duration) int {
	return int(min(max((after+time.Second-1)/time.Second, 1), 60))
}
