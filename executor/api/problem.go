package api

import "fmt"

// Types of problems: URI references relative to the service, stable for clients to match on.
const (
	// TypeInvalidRequest is a 400: the request breaks the contract; Problem.Field names the field.
	TypeInvalidRequest = "/problems/invalid-request"
	// TypeUnknownLanguage is a 422: the executor has no such language.
	TypeUnknownLanguage = "/problems/unknown-language"
	// TypeTooLarge is a 413 for a body and a 431 for headers above their limit.
	TypeTooLarge = "/problems/too-large"
	// TypeUnsupportedMediaType is a 415: the body is not plain JSON.
	TypeUnsupportedMediaType = "/problems/unsupported-media-type"
	// TypeRequestTimeout is a 408: the body did not arrive in time.
	TypeRequestTimeout = "/problems/request-timeout"
	// TypeUnavailable is a 503: the executor rejected the submission; Problem.Reason names the
	// cause.
	TypeUnavailable = "/problems/unavailable"
	// TypeNotFound is a 404: the API has no such path.
	TypeNotFound = "/problems/not-found"
	// TypeMethodNotAllowed is a 405: the path does not answer the method.
	TypeMethodNotAllowed = "/problems/method-not-allowed"
	// TypeInternal is a 500: a fault of the executor.
	TypeInternal = "/problems/internal"
)

// ProblemTypes returns every type of a problem.
func ProblemTypes() []string {
	return []string{
		TypeInvalidRequest, TypeUnknownLanguage, TypeTooLarge, TypeUnsupportedMediaType, TypeRequestTimeout,
		TypeUnavailable, TypeNotFound, TypeMethodNotAllowed, TypeInternal,
	}
}

// Reasons of a 503. Nothing of the submission ran, so that a retry is safe.
const (
	// ReasonQueueFull: the queue holds as many submissions as its capacity.
	ReasonQueueFull = "queue_full"
	// ReasonDeadline: the submission would wait longer than its deadline allows.
	ReasonDeadline = "deadline"
	// ReasonQueueTimeout: the submission waited until its deadline.
	ReasonQueueTimeout = "queue_timeout"
	// ReasonDraining: the executor shuts down.
	ReasonDraining = "draining"
	// ReasonNoFreeSlot: no slot is free, and the request has the header X-Queue: none.
	ReasonNoFreeSlot = "no_free_slot"
	// ReasonIsolation: the isolation tier is below the pool's minimum.
	ReasonIsolation = "isolation"
	// ReasonOverloaded: the requests that wait or run, and the answers that clients have not read,
	// fill the memory for them, or there are too many connections.
	ReasonOverloaded = "overloaded"
)

// Reasons returns every reason of a 503.
func Reasons() []string {
	return []string{
		ReasonQueueFull, ReasonDeadline, ReasonQueueTimeout, ReasonDraining, ReasonNoFreeSlot, ReasonIsolation,
		ReasonOverloaded,
	}
}

// Reasons that Totals.Rejections and the metric executor_rejections_total count besides the reasons
// of a 503. No problem has them.
const (
	// ReasonClientGone: the client closed the connection before its submission had a result.
	ReasonClientGone = "client_gone"
	// ReasonInvalid: a problem of type TypeInvalidRequest.
	ReasonInvalid = "invalid"
	// ReasonUnknownLanguage: a problem of type TypeUnknownLanguage.
	ReasonUnknownLanguage = "unknown_language"
	// ReasonTooLarge: a problem of type TypeTooLarge.
	ReasonTooLarge = "too_large"
	// ReasonMediaType: a problem of type TypeUnsupportedMediaType.
	ReasonMediaType = "media_type"
	// ReasonTooSlow: a problem of type TypeRequestTimeout.
	ReasonTooSlow = "too_slow"
	// ReasonInternal: a problem of type TypeInternal.
	ReasonInternal = "internal"
)

// RejectionReasons returns every reason that Totals.Rejections and the metric
// executor_rejections_total count: Reasons and those that only count.
func RejectionReasons() []string {
	return append(Reasons(), ReasonInvalid, ReasonUnknownLanguage, ReasonTooLarge, ReasonMediaType, ReasonTooSlow,
		ReasonInternal, ReasonClientGone)
}

// Error returns the title, the field and the detail.
func (p *Problem) Error() string {
	if p.Field != "" {
		return fmt.Sprintf("%s: %s: %s", p.Title, p.Field, p.Detail)
	}
	return fmt.Sprintf("%s: %s", p.Title, p.Detail)
}

// Invalid returns a 400. field is the JSON path of the field at fault, empty for the whole
// document.
func Invalid(field, format string, args ...any) *Problem {
	return &Problem{
		Type: TypeInvalidRequest, Title: "the request is not valid", Status: 400,
		Field: field, Detail: fmt.Sprintf(format, args...),
	}
}

// Unavailable returns a 503 with a reason, one of Reasons.
func Unavailable(reason, format string, args ...any) *Problem {
	return &Problem{
		Type: TypeUnavailable, Title: "no capacity for this submission now", Status: 503,
		Reason: reason, Detail: fmt.Sprintf(format, args...),
	}
}

// UnknownLanguage returns a 422 that lists the known languages.
func UnknownLanguage(id string, known []string) *Problem {
	return &Problem{
		Type: TypeUnknownLanguage, Title: "unknown language", Status: 422,
		Field: "language", Detail: fmt.Sprintf("no language %s here; there are: %s", quote(id), join(known)),
	}
}

// TooLarge returns a 413 that names the limit of a body.
func TooLarge(limitBytes int64) *Problem {
	return &Problem{
		Type: TypeTooLarge, Title: "the request is too large", Status: 413,
		Detail: fmt.Sprintf("a request body has at most %d bytes here", limitBytes),
	}
}

// Internal returns a 500: a fault of the executor that no verdict expresses.
func Internal(detail string) *Problem {
	return &Problem{Type: TypeInternal, Title: "internal error", Status: 500, Detail: detail}
}
