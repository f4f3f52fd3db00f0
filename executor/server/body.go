package server

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"executorpool.dev/executor/api"
)

// bodyPatience bounds the time from the end of the header to the end of the body.
const bodyPatience = 30 * time.Second

// readBody reads the whole body within size and time. release gives its share of the memory budget back and is called
// when the submission is answered; it is never nil.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), problem *api.Problem) {
	release = func() {}
	if p := checkMediaType(r.Header); p != nil {
		return nil, release, p
	}
	most := s.cfg.MaxBody
	if r.ContentLength > most {
		return nil, release, api.TooLarge(most)
	}
	claim := r.ContentLength
	if claim < 0 {
		claim = most
	}
	if !s.budget.TryAcquire(claim) {
		return nil, release, api.Unavailable(api.ReasonOverloaded, "the waiting submissions already fill the memory set aside for them")
	}
	release = func() { s.budget.Release(claim) }

	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyPatience)); err != nil {
		return nil, release, api.Internal("cannot bound the time to read the body")
	}
	reader := http.MaxBytesReader(w, r.Body, most)
	var err error
	if r.ContentLength >= 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(reader, body)
	} else {
		body, err = io.ReadAll(reader)
	}
	if err != nil {
		return nil, release, readProblem(err, most)
	}
	// Without this the deadline would later look like a client that went away.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return nil, release, api.Internal("cannot lift the bound on reading")
	}
	return body, release, nil
}

func checkMediaType(h http.Header) *api.Problem {
	unsupported := func(format string, args ...any) *api.Problem {
		return &api.Problem{
			Type: api.TypeUnsupportedMediaType, Title: "unsupported media type", Status: http.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf(format, args...),
		}
	}
	if e := h.Get("Content-Encoding"); e != "" && e != "identity" {
		return unsupported("the body is compressed; send it as it is, without Content-Encoding")
	}
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return unsupported("send JSON with the header \"Content-Type: application/json\"")
	}
	return nil
}

func readProblem(err error, most int64) *api.Problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return api.TooLarge(most)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &api.Problem{
			Type: api.TypeRequestTimeout, Title: "the request came too slowly", Status: http.StatusRequestTimeout,
			Detail: fmt.Sprintf("the body must arrive within %s", bodyPatience),
		}
	default:
		return api.Invalid("", "the body ended early")
	}
}
