package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"executorpool.dev/executor/api"
)

// ErrTooLarge is wrapped by the AnswerError of an answer over the limit of the Client.
var ErrTooLarge = errors.New("the answer is larger than the limit")

// AnswerError is an answer that is not the document that the call asked for. errors.As finds the
// *api.Problem of the answer in it.
type AnswerError struct {
	// Status is the HTTP status. It is 200 where the document is not what the API says.
	Status int
	// RetryAfter is the header Retry-After; 0 when the answer has none in seconds.
	RetryAfter time.Duration
	// Problem is the document of the answer; nil when the answer is not a problem of the API. Its
	// Status is the HTTP status.
	Problem *api.Problem
	// Err is what is wrong with the answer itself; nil when there is a Problem, and when the
	// answer has another status and content type than the API's, as a proxy's page has.
	Err error
}

// Error returns the status and the reason, the field and the detail of the problem in one line. It
// has no text of an answer that is not a problem document.
func (e *AnswerError) Error() string {
	line := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if e.Problem != nil {
		for _, part := range []string{e.Problem.Reason, e.Problem.Field, e.Problem.Detail} {
			if part != "" {
				line += ": " + part
			}
		}
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	return line
}

// Unwrap returns the problem and the error of the answer.
func (e *AnswerError) Unwrap() []error {
	var all []error
	if e.Problem != nil {
		all = append(all, e.Problem)
	}
	if e.Err != nil {
		all = append(all, e.Err)
	}
	return all
}

// ConnectionError is a request without a complete answer: no connection, a connection that ended,
// or the end of the context. It wraps the error of net/http, without the URL.
type ConnectionError struct {
	Err error
	// MayBeAccepted is false when the executor cannot have the whole request: there was no
	// connection, or writing the request failed before its end. The submission did not run then,
	// and to send it again cannot run it twice. It is true in all other cases, and for all calls
	// but submissions, to which it does not matter.
	MayBeAccepted bool
}

// Error returns what ended the call.
func (e *ConnectionError) Error() string {
	if errors.Is(e.Err, io.EOF) || errors.Is(e.Err, io.ErrUnexpectedEOF) {
		return "the connection closed before the answer was complete"
	}
	return e.Err.Error()
}

// Unwrap returns Err, which is the context's error when the context ended.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Timeout reports whether the time of the context or of the http.Client was over.
func (e *ConnectionError) Timeout() bool {
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.Err)
	return ok && timeout.Timeout()
}

// cause returns the error in a url.Error, which repeats the method and the URL of the call.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
