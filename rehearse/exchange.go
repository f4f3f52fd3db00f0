package rehearse

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
	"executorpool.dev/rehearse/summary"
)

// defaultRetryAfter is the time until a retry after a 503 that has no Retry-After.
const defaultRetryAfter = time.Second

// answer is the end of one request. Its kind is empty when there is a result: whether the result is
// right, the program decides.
type answer struct {
	kind       summary.Kind
	cause      string
	result     *api.Result
	retryAfter time.Duration
}

// exchange submits once.
func exchange(ctx context.Context, pool *client.Client, body []byte) answer {
	result, err := pool.ExecuteEncoded(ctx, body)
	if err == nil {
		return answer{result: result}
	}
	unexpected, answered := errors.AsType[*client.AnswerError](err)
	switch {
	case !answered:
		return answer{kind: summary.Lost, cause: lost(err)}
	case unexpected.Status == http.StatusServiceUnavailable:
		return answer{kind: summary.Rejected, cause: err.Error(), retryAfter: cmp.Or(unexpected.RetryAfter, defaultRetryAfter)}
	case unexpected.Status == http.StatusOK:
		return answer{kind: summary.Refused, cause: err.Error() + " (is this an executor pool?)"}
	default:
		return answer{kind: summary.Refused, cause: err.Error()}
	}
}

// lost returns the cause of a loss, and whether the pool can have the submission.
func lost(err error) string {
	if failure, ok := errors.AsType[*client.ConnectionError](err); ok && !failure.MayBeAccepted {
		return err.Error() + " (nothing was submitted)"
	}
	return err.Error()
}
