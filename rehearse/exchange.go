package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/rehearse/summary"
)

const (
	// maxAnswer is far above any result a pool's output limits allow.
	maxAnswer = 64 << 20
	// defaultRetryAfter stands in where a 503 names no time.
	defaultRetryAfter = time.Second
)

// answer is what one request came to. Kind is empty when a verdict came: whether it is right is the program's to say.
type answer struct {
	kind       summary.Kind
	cause      string
	result     api.Result
	retryAfter time.Duration
}

// exchange posts one submission and reads its answer to the end.
func exchange(ctx context.Context, client *http.Client, endpoint string, body []byte) answer {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
	if err != nil {
		return answer{kind: summary.Lost, cause: err.Error()}
	}
	request.Header.Set(api.HeaderContentType, api.ContentTypeJSON)
	response, err := client.Do(request)
	if err != nil {
		return lost(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return lost(err)
	}
	if len(content) > maxAnswer {
		return answer{kind: summary.Refused, cause: "the answer is larger than 64 MiB"}
	}
	return interpret(response.StatusCode, response.Header, content)
}

func lost(err error) answer {
	// A url.Error repeats method and address, which are the same for every submission.
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return answer{kind: summary.Lost, cause: "the connection closed before the answer was complete"}
	}
	return answer{kind: summary.Lost, cause: err.Error()}
}

func interpret(status int, header http.Header, content []byte) answer {
	switch status {
	case http.StatusOK:
		var result api.Result
		if err := json.Unmarshal(content, &result); err != nil {
			return answer{kind: summary.Refused, cause: fmt.Sprintf("the answer is not a result: %v", err)}
		}
		if result.Verdict == "" {
			return answer{kind: summary.Refused, cause: "the answer is not a result: it has no verdict (is this an executor pool?)"}
		}
		return answer{result: result}
	case http.StatusServiceUnavailable:
		return answer{
			kind:       summary.Rejected,
			cause:      problem(status, content),
			retryAfter: retryAfter(header.Get(api.HeaderRetryAfter)),
		}
	default:
		return answer{kind: summary.Refused, cause: problem(status, content)}
	}
}

// problem puts a problem document into a line; other bodies, such as a proxy's page, are left out.
func problem(status int, content []byte) string {
	line := fmt.Sprintf("%d %s", status, http.StatusText(status))
	var document api.Problem
	if json.Unmarshal(content, &document) != nil {
		return line
	}
	for _, part := range []string{document.Reason, document.Field, document.Detail} {
		if part != "" {
			line += ": " + part
		}
	}
	return line
}

// retryAfter reads the seconds form of the header, the one executors send.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 31)
	if err != nil {
		return defaultRetryAfter
	}
	return time.Duration(seconds) * time.Second
}
