package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/api"
)

// bodyTimeout bounds the time from the end of the headers to the end of the body.
const bodyTimeout = 30 * time.Second

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// readBody reads the whole body within the limits of size and time. The caller owns the body until
// it calls release, which returns the body's share of the memory budget. release is never nil.
func (s *Server) readBody(ctx *fasthttp.RequestCtx) (body []byte, release func(), problem *api.Problem) {
	release = func() {}
	if p := checkMediaType(&ctx.Request.Header); p != nil {
		return nil, release, p
	}
	maxBody := s.cfg.MaxBody
	length := int64(ctx.Request.Header.ContentLength()) // negative for a chunked body
	if length > maxBody {
		return nil, release, api.TooLarge(maxBody)
	}
	claim := length
	if claim < 0 {
		claim = maxBody
	}
	if !s.budget.TryAcquire(claim) {
		return nil, release, api.Unavailable(api.ReasonOverloaded, "the waiting submissions already fill the memory set aside for them")
	}
	buffer := buffers.Get().(*[]byte)
	release = func() {
		s.budget.Release(claim)
		if cap(*buffer) <= maxPooledBuffer {
			buffers.Put(buffer)
		}
	}

	stream := ctx.RequestBodyStream()
	var err error
	switch {
	case length == 0 || stream == nil:
	case length > 0:
		*buffer = slices.Grow((*buffer)[:0], int(length))[:length]
		body = *buffer
		_, err = io.ReadFull(stream, body)
	default:
		body, err = io.ReadAll(io.LimitReader(stream, maxBody+1))
		if err == nil && int64(len(body)) > maxBody {
			ctx.SetConnectionClose() // the rest of the body has no bound
			return nil, release, api.TooLarge(maxBody)
		}
	}
	if err != nil {
		return nil, release, s.bodyProblem(err)
	}
	setUnread(ctx.Conn(), false)
	return body, release, nil
}

func checkMediaType(h *fasthttp.RequestHeader) *api.Problem {
	unsupported := func(format string, args ...any) *api.Problem {
		return &api.Problem{
			Type: api.TypeUnsupportedMediaType, Title: "unsupported media type", Status: fasthttp.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf(format, args...),
		}
	}
	if e := h.Peek(fasthttp.HeaderContentEncoding); len(e) > 0 && string(e) != "identity" {
		return unsupported("the body is compressed; send it as it is, without %s", api.HeaderContentEncoding)
	}
	if string(h.ContentType()) == api.ContentTypeJSON {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(string(h.ContentType()))
	if err != nil || mediaType != api.ContentTypeJSON {
		return unsupported("send JSON with the header \"%s: %s\"", api.HeaderContentType, api.ContentTypeJSON)
	}
	return nil
}

func (s *Server) bodyProblem(err error) *api.Problem {
	switch {
	case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, os.ErrDeadlineExceeded):
		return &api.Problem{
			Type: api.TypeRequestTimeout, Title: "the request came too slowly", Status: fasthttp.StatusRequestTimeout,
			Detail: fmt.Sprintf("the body must arrive within %s", s.bodyTimeout),
		}
	default:
		return api.Invalid("", "the body ended early")
	}
}
