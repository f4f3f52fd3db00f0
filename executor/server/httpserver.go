package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/settings"
)

const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = api.MaxHeaderBytes
)

// HTTPServer returns the server of the connections of Listener. A connection costs a goroutine and
// a read buffer of maxHeaderBytes. Only those pages of the buffer that were written take memory,
// usually one. A connection has a write buffer only while a response is written. Package settings
// counts all of them.
func (s *Server) HTTPServer() *fasthttp.Server {
	// A buffer that one large response enlarged is not kept for the next response.
	fasthttp.SetBodySizePoolLimit(maxPooledBuffer, maxPooledBuffer)
	return &fasthttp.Server{
		Handler:      s.handler(),
		ErrorHandler: s.parseError,
		HeaderReceived: func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
			return fasthttp.RequestConfig{ReadTimeout: s.bodyTimeout}
		},
		ReadTimeout: headerTimeout, IdleTimeout: idleTimeout, WriteTimeout: settings.WriteTime,
		ReadBufferSize: maxHeaderBytes,
		ConnState: func(c net.Conn, state fasthttp.ConnState) {
			if own, ok := c.(*conn); ok && state == fasthttp.StateIdle {
				own.unread.Store(false)
				own.waitsSince.Store(time.Now().UnixNano())
			}
		},
		// A connection that Listener closes ends a moment later.
		Concurrency: 2 * s.cfg.Connections,
		// readBody claims the memory for a body as it reads the body.
		StreamRequestBody: true, DisablePreParseMultipartForm: true,
		// This option also sends each response at once. Without it, a response waits for that of a
		// pipelined request.
		ReduceMemoryUsage:     true,
		NoDefaultServerHeader: true, LazyRequestTime: true, CloseOnShutdown: true,
		// fasthttp logs clients that close early or do not speak HTTP.
		Logger: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), SecureErrorLogMessage: true,
	}
}

// route is the one method of a path and its handler.
type route struct {
	method  string
	handler fasthttp.RequestHandler
}

// handler returns the handler of all requests. This table is the only list of the paths that are
// served.
func (s *Server) handler() fasthttp.RequestHandler {
	execute := route{fasthttp.MethodPost, s.execute}
	metrics := promhttp.HandlerFor(s.metrics.Registry, promhttp.HandlerOpts{})
	return s.middleware(routes{
		api.PathExecute:      execute,
		api.PathExecuteAlias: execute,
		api.PathLanguages:    {fasthttp.MethodGet, s.languages},
		api.PathState:        {fasthttp.MethodGet, s.state},
		api.PathTotals:       {fasthttp.MethodGet, s.answerTotals},
		api.PathInfo:         {fasthttp.MethodGet, static(s.info())},
		api.PathOpenAPI:      {fasthttp.MethodGet, static([]byte(api.OpenAPI))},
		api.PathHealthz:      {fasthttp.MethodGet, s.healthz},
		api.PathReadyz:       {fasthttp.MethodGet, s.readyz},
		api.PathMetrics:      {fasthttp.MethodGet, fasthttpadaptor.NewFastHTTPHandler(metrics)},
	}.serve)
}

// routes maps a path to its route.
type routes map[string]route

func (all routes) serve(ctx *fasthttp.RequestCtx) {
	to, ok := all[string(ctx.Path())]
	if !ok {
		writeProblem(ctx, &api.Problem{
			Type: api.TypeNotFound, Title: "not found", Status: fasthttp.StatusNotFound,
			Detail: "there are " + strings.Join([]string{
				api.PathExecute, api.PathLanguages, api.PathInfo, api.PathOpenAPI, api.PathState, api.PathTotals, api.PathHealthz, api.PathReadyz,
			}, ", ") + " and " + api.PathMetrics,
		})
		return
	}
	head := to.method == fasthttp.MethodGet && ctx.IsHead()
	if string(ctx.Method()) != to.method && !head {
		ctx.Response.Header.Set(api.HeaderAllow, to.method)
		writeProblem(ctx, &api.Problem{
			Type: api.TypeMethodNotAllowed, Title: "method not allowed", Status: fasthttp.StatusMethodNotAllowed,
			Detail: fmt.Sprintf("%s answers %s only", ctx.Path(), to.method),
		})
		return
	}
	to.handler(ctx)
}

// middleware returns a handler that wraps next for every request. From the start of a shutdown it
// closes each connection after the response, so that the client sends its next request to another
// replica. It turns a panic of next into a 500.
func (s *Server) middleware(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if !s.phaseIs(PhaseServing) {
			ctx.SetConnectionClose()
		}
		length := ctx.Request.Header.ContentLength()
		setUnread(ctx.Conn(), length > 0 || length == -1) // -1: chunked
		defer func() {
			if fault := recover(); fault != nil {
				s.cfg.Log.Error("request handler failed", "path", string(ctx.Path()), "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				writeProblem(ctx, api.Internal("a fault in the executor; its log says more"))
			}
		}()
		next(ctx)
	}
}

// setUnread records whether c may hold an unread part of the request's body.
func setUnread(c net.Conn, unread bool) {
	if own, ok := c.(*conn); ok {
		own.unread.Store(unread)
	}
}

// parseError answers data that is not a valid request; fasthttp closes the connection afterwards.
// fasthttp wraps the errors of the headers. It does not wrap those of the first part of the body,
// which it reads before it calls the handler.
func (s *Server) parseError(ctx *fasthttp.RequestCtx, err error) {
	setUnread(ctx.Conn(), true)
	var headerTooLarge *fasthttp.ErrSmallBuffer
	var broken net.Error
	switch _, inBody := err.(*net.OpError); { //nolint:errorlint // a wrapped error is one of the headers
	case inBody, err == io.ErrUnexpectedEOF: //nolint:errorlint // as above
		s.rejectProblem(ctx, false, s.bodyProblem(err))
	case errors.As(err, &headerTooLarge):
		writeProblem(ctx, &api.Problem{
			Type: api.TypeTooLarge, Title: "the request's header is too large", Status: fasthttp.StatusRequestHeaderFieldsTooLarge,
			Detail: fmt.Sprintf("a header has at most %d bytes here", maxHeaderBytes),
		})
	case errors.As(err, &broken), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, fasthttp.ErrTimeout):
		// The client sent no request that could be answered.
		setUnread(ctx.Conn(), false)
		_ = ctx.Conn().Close()
	default:
		writeProblem(ctx, api.Invalid("", "the data is not a valid HTTP request"))
	}
}
