package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"executorpool.dev/executor/api"
)

const (
	headerPatience = 10 * time.Second
	idlePatience   = 2 * time.Minute
	mostHeader     = 32 << 10 // bytes
)

// Front is the server of the connections. Each of them costs a goroutine and a buffer for reading of mostHeader bytes, of which
// only the pages that were written to take memory: usually one. A buffer for writing it has only while it is answered.
func (s *Server) Front() *fasthttp.Server {
	// Buffers that one large answer has made are not kept for the next.
	fasthttp.SetBodySizePoolLimit(keptBuffer, keptBuffer)
	return &fasthttp.Server{
		Handler:      s.handler(),
		ErrorHandler: s.misread,
		HeaderReceived: func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
			return fasthttp.RequestConfig{ReadTimeout: s.bodyPatience}
		},
		ReadTimeout: headerPatience, IdleTimeout: idlePatience, WriteTimeout: WritePatience,
		ReadBufferSize: mostHeader,
		ConnState: func(c net.Conn, state fasthttp.ConnState) {
			if state == fasthttp.StateIdle {
				setUnread(c, false)
			}
		},
		// The memory for a body is claimed before it is read.
		StreamRequestBody: true, DisablePreParseMultipartForm: true,
		// Besides, this sends each answer at once: without, one waits for the next, where that has been requested already.
		ReduceMemoryUsage:     true,
		NoDefaultServerHeader: true, LazyRequestTime: true, CloseOnShutdown: true,
		// What is logged here are clients that break off or speak something else.
		Logger: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), SecureErrorLogMessage: true,
	}
}

// route is what answers a path, and to which method.
type route struct {
	method string
	answer fasthttp.RequestHandler
}

// handler routes the requests.
func (s *Server) handler() fasthttp.RequestHandler {
	execute := route{fasthttp.MethodPost, s.execute}
	metrics := promhttp.HandlerFor(s.metrics.Registry, promhttp.HandlerOpts{})
	return s.around(routes{
		"/v1/execute":   execute,
		"/execute":      execute,
		"/v1/languages": {fasthttp.MethodGet, s.languages},
		"/v1/state":     {fasthttp.MethodGet, s.state},
		"/v1/totals":    {fasthttp.MethodGet, s.answerTotals},
		"/healthz":      {fasthttp.MethodGet, s.healthz},
		"/readyz":       {fasthttp.MethodGet, s.readyz},
		"/metrics":      {fasthttp.MethodGet, fasthttpadaptor.NewFastHTTPHandler(metrics)},
	}.serve)
}

// routes are by path.
type routes map[string]route

func (all routes) serve(ctx *fasthttp.RequestCtx) {
	to, ok := all[string(ctx.Path())]
	if !ok {
		writeProblem(ctx, &api.Problem{
			Type: api.TypeNotFound, Title: "not found", Status: fasthttp.StatusNotFound,
			Detail: "there are /v1/execute, /v1/languages, /v1/state, /v1/totals, /healthz, /readyz and /metrics",
		})
		return
	}
	head := to.method == fasthttp.MethodGet && ctx.IsHead()
	if string(ctx.Method()) != to.method && !head {
		ctx.Response.Header.Set("Allow", to.method)
		writeProblem(ctx, &api.Problem{
			Type: api.TypeMethodNotAllowed, Title: "method not allowed", Status: fasthttp.StatusMethodNotAllowed,
			Detail: fmt.Sprintf("%s answers %s only", ctx.Path(), to.method),
		})
		return
	}
	to.answer(ctx)
}

// around is what holds for every request: clients learn from the first answer after the start of a shutdown to take
// their next request elsewhere, and a fault of the program costs one request only.
func (s *Server) around(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if !s.phaseIs(Serving) {
			ctx.SetConnectionClose()
		}
		length := ctx.Request.Header.ContentLength()
		setUnread(ctx.Conn(), length > 0 || length == -1) // in chunks
		defer func() {
			if fault := recover(); fault != nil {
				s.cfg.Log.Error("request handler failed", "path", string(ctx.Path()), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				writeProblem(ctx, api.Internal("a fault in the executor; its log says more"))
			}
		}()
		next(ctx)
	}
}

// setUnread says whether there may be something left of the request's body.
func setUnread(c net.Conn, unread bool) {
	if own, ok := c.(*conn); ok {
		own.unread.Store(unread)
	}
}

// misread answers what could not be read as a request; the connection ends with it. Errors of the header come wrapped, those of
// the first part of the body, which is read before the handler is called, do not.
func (s *Server) misread(ctx *fasthttp.RequestCtx, err error) {
	setUnread(ctx.Conn(), true)
	var headerTooLarge *fasthttp.ErrSmallBuffer
	var broken net.Error
	switch _, inBody := err.(*net.OpError); { //nolint:errorlint // what is wrapped is not meant
	case inBody, err == io.ErrUnexpectedEOF: //nolint:errorlint // as above
		s.reject(ctx, s.totals, s.readProblem(err), time.Second)
	case errors.As(err, &headerTooLarge):
		writeProblem(ctx, &api.Problem{
			Type: api.TypeTooLarge, Title: "the request's header is too large", Status: fasthttp.StatusRequestHeaderFieldsTooLarge,
			Detail: fmt.Sprintf("a header has at most %d bytes here", mostHeader),
		})
	case errors.As(err, &broken), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, fasthttp.ErrTimeout):
		// The client has said nothing that could be answered.
		setUnread(ctx.Conn(), false)
		_ = ctx.Conn().Close()
	default:
		writeProblem(ctx, api.Invalid("", "this is no HTTP request that is understood here"))
	}
}
