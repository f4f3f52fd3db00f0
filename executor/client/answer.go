package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"executorpool.dev/executor/api"
)

const (
	// keptBuffer is the size up to which a buffer is kept for the next answer.
	keptBuffer = 64 << 10
	// uncountedBytes is the size up to which decode does not count the runs of a result.
	uncountedBytes = 256 << 10
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read decodes an answer of the expected status into a document, and makes an error of any other.
func (c *Client) read(response *http.Response, expected bool, limit int64, into any) error {
	contentType := mediaType(response.Header.Get(api.HeaderContentType))
	isProblem := contentType == api.ContentTypeProblem
	switch {
	case isProblem:
		expected, limit = false, c.maxDocument
	case !expected:
		// A page of a proxy, for example.
		return failed(response, nil, nil)
	case contentType != api.ContentTypeJSON:
		return failed(response, nil, fmt.Errorf("the answer has the content type %.80q, not %s", contentType, api.ContentTypeJSON))
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= keptBuffer {
			buffer.Reset()
			buffers.Put(buffer)
		}
	}()
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, limit+1)); err != nil {
		return &ConnectionError{Err: cause(err), MayBeAccepted: true}
	}
	if int64(buffer.Len()) > limit {
		return failed(response, nil, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit))
	}
	if expected {
		if err := decode(buffer.Bytes(), into); err != nil {
			return failed(response, nil, fmt.Errorf("the answer is not the document of the API: %w", err))
		}
		return nil
	}
	problem := new(api.Problem)
	if err := json.Unmarshal(buffer.Bytes(), problem); err != nil {
		return failed(response, nil, fmt.Errorf("the answer is not a problem document: %w", err))
	}
	// The status in the document is advisory (RFC 9457, section 3.1.2).
	problem.Status = response.StatusCode
	return failed(response, problem, nil)
}

func failed(response *http.Response, problem *api.Problem, err error) *AnswerError {
	return &AnswerError{
		Status: response.StatusCode, Problem: problem, Err: err,
		RetryAfter: retryAfter(response.Header.Get(api.HeaderRetryAfter)),
	}
}

// mediaType returns the content type without its parameters; the header itself where it has none.
func mediaType(header string) string {
	if header == api.ContentTypeJSON || header == api.ContentTypeProblem {
		return header
	}
	parsed, _, err := mime.ParseMediaType(header)
	if err != nil {
		return header
	}
	return parsed
}

// retryAfter reads the form of the header in seconds, which executors send; 0 for any other.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// decode decodes the content into a document. It first counts the runs of a large result: an empty
// run takes 3 bytes of JSON and about 50 times as many when it is decoded, and content with more
// than api.MaxRuns runs is an error.
func decode(content []byte, into any) error {
	if _, isResult := into.(*api.Result); isResult && len(content) > uncountedBytes {
		var counted struct {
			Runs countedRuns `json:"runs"`
		}
		if err := json.Unmarshal(content, &counted); err != nil {
			return err
		}
	}
	return json.Unmarshal(content, into)
}

// countedRuns counts the runs of a JSON list without keeping them. Decoding fails if there are more
// than api.MaxRuns.
type countedRuns struct{}

func (*countedRuns) UnmarshalJSON(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return err // The decoding of the result reports content that is not a list.
	}
	for n := 1; decoder.More(); n++ {
		if n > api.MaxRuns {
			return errors.New("it has more runs than a submission can have")
		}
		var run struct{}
		if err := decoder.Decode(&run); err != nil {
			return err
		}
	}
	return nil
}
