package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/settings"
)

const (
	// bodyTimeout bounds the time from the end of the headers to the end of the body.
	bodyTimeout = 30 * time.Second
	// stallTimeout bounds the time in which the next bodyPiece of a large body must arrive.
	stallTimeout = 5 * time.Second
	// bodyPiece is the number of bytes by which the claim of a large body grows.
	bodyPiece = 64 << 10
	// allowance is the size of a body that needs no claim.
	allowance = settings.ConnectionAllowance
)

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// body is the body of a request in memory. A body within the allowance of its connection is in a
// buffer that is used again. A larger one is in pages of its own, which take memory as they are
// written and none after free.
type body struct {
	budget  *budget.Budget
	heap    *heapLimit
	data    []byte
	pooled  *[]byte
	mapped  []byte
	pages   int64 // bytes of mapped that may be in memory
	claimed int64
}

// claim claims the memory for n bytes, of which those of the allowance are free. It reports whether
// the budget has it.
func (b *body) claim(n int64) bool {
	more := n - allowance - b.claimed
	if more <= 0 {
		return true
	}
	if !b.budget.ClaimRequest(more) {
		return false
	}
	b.claimed += more
	return true
}

// grow returns memory for the next bytes of a body that has at most the given number. It is empty
// if the budget is used up.
func (b *body) grow(most int64) ([]byte, error) {
	have := int64(len(b.data))
	if b.pooled == nil && b.mapped == nil && most <= allowance {
		b.pooled = buffers.Get().(*[]byte)
		*b.pooled = slices.Grow((*b.pooled)[:0], int(most))
		b.data = *b.pooled
	}
	if b.mapped == nil && most > allowance {
		mapped, err := unix.Mmap(-1, 0, int(most), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
		if err != nil {
			return nil, fmt.Errorf("map memory for a body: %w", err)
		}
		// Large pages would take memory that is not claimed. An old kernel without them has no advice.
		_ = unix.Madvise(mapped, unix.MADV_NOHUGEPAGE)
		b.mapped, b.data = mapped, mapped[:0]
	}
	end := min(most, have+bodyPiece)
	if !b.claim(end) {
		return nil, nil
	}
	if b.mapped != nil {
		b.heap.add(end - b.pages)
		b.pages = end
	}
	return b.data[have:end], nil
}

// free frees the bytes and keeps the claim, which is now that of the decoded request.
func (b *body) free() {
	if b.mapped != nil {
		_ = unix.Munmap(b.mapped) // fails only for memory that is not mapped
		b.heap.add(-b.pages)
	}
	if b.pooled != nil && cap(*b.pooled) <= allowance {
		buffers.Put(b.pooled)
	}
	b.data, b.mapped, b.pooled, b.pages = nil, nil, nil, 0
}

// release frees the bytes and returns the claim.
func (b *body) release() {
	b.free()
	if b.claimed > 0 {
		b.budget.ReleaseRequest(b.claimed)
		b.claimed = 0
	}
}

// readBody reads the whole body within the limits of size and time. It claims memory as the bytes
// arrive: a length that a client only announces claims nothing. The caller releases the body, which
// is never nil.
func (s *Server) readBody(ctx *fasthttp.RequestCtx) (*body, *api.Problem) {
	b := &body{budget: s.budget, heap: s.heap}
	if p := checkMediaType(&ctx.Request.Header); p != nil {
		return b, p
	}
	most := int64(ctx.Request.Header.ContentLength())
	chunked := most < 0
	if chunked {
		most = s.cfg.MaxBody + 1
	}
	stream := ctx.RequestBodyStream()
	switch {
	case most > s.cfg.MaxBody && !chunked:
		return b, api.TooLarge(s.cfg.MaxBody)
	case most == 0 || stream == nil:
		return b, nil
	}
	if p := s.readStream(ctx.Conn(), stream, b, int64(ctx.Request.Header.ContentLength()), most); p != nil {
		return b, p
	}
	if chunked && int64(len(b.data)) > s.cfg.MaxBody {
		ctx.SetConnectionClose() // the rest of the body has no bound
		return b, api.TooLarge(s.cfg.MaxBody)
	}
	setUnread(ctx.Conn(), false)
	if own, ok := ctx.Conn().(*conn); ok {
		own.waitsSince.Store(0)
	}
	return b, nil
}

// readStream reads the body from the stream: length bytes, or at most the given number if the
// length is negative. Each bodyPiece above the allowance must arrive within stallTimeout.
func (s *Server) readStream(client net.Conn, stream io.Reader, b *body, length, most int64) *api.Problem {
	end := time.Now().Add(s.bodyTimeout)
	for int64(len(b.data)) < most {
		deadline := end
		if stall := time.Now().Add(s.stallTimeout); len(b.data) >= allowance && stall.Before(end) {
			deadline = stall
		}
		if err := client.SetReadDeadline(deadline); err != nil {
			return s.bodyProblem(err)
		}
		free, err := b.grow(most)
		if err != nil {
			return api.Internal(err.Error())
		}
		if len(free) == 0 {
			return overloaded()
		}
		n, ended, err := readPiece(stream, free)
		b.data = b.data[:len(b.data)+n]
		switch {
		case err != nil:
			return s.bodyProblem(err)
		case ended && int64(len(b.data)) < length:
			return s.bodyProblem(io.ErrUnexpectedEOF)
		case ended:
			return nil
		}
	}
	return nil
}

// readPiece fills piece unless the stream ends before.
func readPiece(stream io.Reader, piece []byte) (n int, ended bool, err error) {
	for n < len(piece) {
		more, err := stream.Read(piece[n:])
		n += more
		if errors.Is(err, io.EOF) {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// decode decodes and checks the body. Afterwards the claim is that of the request, and the bytes
// are free. One large body at a time is decoded, because that takes more memory than the claim.
func (s *Server) decode(b *body) (*api.Request, *api.Problem) {
	if len(b.data) > allowance {
		s.decoding.Lock()
		defer s.decoding.Unlock()
	}
	req, problem := api.Decode(b.data, s.cfg.Bounds)
	b.free()
	switch {
	case problem != nil:
		return nil, problem
	case !s.known[req.Language]:
		return nil, api.UnknownLanguage(req.Language, s.ids)
	case !b.claim(req.Size()):
		return nil, overloaded()
	}
	return req, nil
}

func overloaded() *api.Problem {
	return api.Unavailable(api.ReasonOverloaded, "the requests and answers of this executor already fill the memory set aside for them")
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
			Detail: fmt.Sprintf("the body must arrive within %s, and each %d bytes of a large one within %s", s.bodyTimeout, bodyPiece, s.stallTimeout),
		}
	default:
		return api.Invalid("", "the body ended early")
	}
}
