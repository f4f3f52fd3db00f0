package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"unicode/utf8"

	"executorpool.dev/executor/api"
)

// ExecuteOption changes one submission.
type ExecuteOption func(*execution)

type execution struct {
	header http.Header
	timing *Timing
}

// WithoutQueue rejects the submission with api.ReasonNoFreeSlot where no slot is free for it.
func WithoutQueue() ExecuteOption {
	return func(e *execution) { e.header.Set(api.HeaderQueue, api.QueueNone) }
}

// AsCanary keeps the submission out of the executor's Totals.
func AsCanary() ExecuteOption {
	return func(e *execution) { e.header.Set(api.HeaderPurpose, api.PurposeCanary) }
}

// WithRequestID sends the caller's own id of the request in the header X-Request-Id. An executor
// ignores it.
func WithRequestID(id string) ExecuteOption {
	return func(e *execution) { e.header.Set(api.HeaderRequestID, id) }
}

// WithTiming fills in the parts of the call's time before the call returns, also when it fails.
func WithTiming(timing *Timing) ExecuteOption { return func(e *execution) { e.timing = timing } }

// Encode returns the body of a submission, for a caller that submits it more than once. It fails
// where a string is not UTF-8: such bytes need the encoding base64.
func Encode(request *api.Request) ([]byte, error) {
	if field := notUTF8(request); field != "" {
		return nil, fmt.Errorf("encode the submission: %s is not UTF-8: give it as base64, in runs or files with that encoding", field)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return nil, fmt.Errorf("encode the submission: %w", err)
	}
	return body.Bytes(), nil
}

// notUTF8 returns the field that JSON cannot carry. Package json would replace its bytes.
func notUTF8(r *api.Request) string {
	type field struct{ name, value string }
	fields := []field{{"language", r.Language}, {"source", r.Source}, {"stdin", r.Stdin}}
	for _, arg := range r.Args {
		fields = append(fields, field{"args", arg})
	}
	for i, f := range r.Files {
		fields = append(fields, field{fmt.Sprintf("files[%d]", i), f.Name}, field{fmt.Sprintf("files[%d]", i), f.Content})
	}
	for i, run := range r.Runs {
		fields = append(fields, field{fmt.Sprintf("runs[%d].stdin", i), run.Stdin})
		for _, arg := range run.Args {
			fields = append(fields, field{fmt.Sprintf("runs[%d].args", i), arg})
		}
	}
	for _, f := range fields {
		if !utf8.ValidString(f.value) {
			return f.name
		}
	}
	return ""
}

// Execute submits a program and waits for its result. It returns nil and an error when there is
// none; a 503 is an *AnswerError with the reason and the time after which to come again.
func (c *Client) Execute(ctx context.Context, request *api.Request, options ...ExecuteOption) (*api.Result, error) {
	body, err := Encode(request)
	if err != nil {
		return nil, err
	}
	return c.ExecuteEncoded(ctx, body, options...)
}

// ExecuteEncoded is Execute for a body that Encode returned, or that a caller passes on. The
// transport may read the body after the call has returned, so that the caller must not change it.
func (c *Client) ExecuteEncoded(ctx context.Context, body []byte, options ...ExecuteOption) (*api.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, &ConnectionError{Err: err}
	}
	trace := newTrace()
	r := c.request(httptrace.WithClientTrace(ctx, trace.hooks()), http.MethodPost, api.PathExecute)
	sent := &submission{content: body}
	r.ContentLength, r.GetBody = int64(len(body)), sent.reader
	r.Body, _ = sent.reader()
	e := execution{header: r.Header}
	e.header.Set(api.HeaderContentType, api.ContentTypeJSON)
	for _, option := range options {
		option(&e)
	}
	result, err := c.execute(r)
	if whole := sent.end(); !whole || trace.cutOff() {
		if failure, ok := err.(*ConnectionError); ok { //nolint:errorlint // It comes from execute as it is.
			failure.MayBeAccepted = false
		}
	}
	if e.timing != nil {
		*e.timing = trace.timing()
	}
	return result, err
}

func (c *Client) execute(r *http.Request) (*api.Result, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return nil, &ConnectionError{Err: cause(err), MayBeAccepted: true}
	}
	defer func() { _ = response.Body.Close() }()
	result := new(api.Result)
	if err := c.read(response, response.StatusCode == http.StatusOK, c.maxResult, result); err != nil {
		return nil, err
	}
	if result.Verdict == "" {
		return nil, failed(response, nil, errors.New("the answer has no verdict"))
	}
	return result, nil
}
