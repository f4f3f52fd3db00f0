package api

import "fmt"

// Types of problem: URI references relative to the service, stable for clients to match on.
const (
	TypeInvalidRequest       = "/problems/invalid-request"
	TypeUnknownLanguage      = "/problems/unknown-language"
	TypeTooLarge             = "/problems/too-large"
	TypeUnsupportedMediaType = "/problems/unsupported-media-type"
	TypeRequestTimeout       = "/problems/request-timeout"
	TypeUnavailable          = "/problems/unavailable"
	TypeNotFound             = "/problems/not-found"
	TypeMethodNotAllowed     = "/problems/method-not-allowed"
	TypeInternal             = "/problems/internal"
)

// Reasons of a 503, for machines. Each of them is safe to retry; nothing was run.
const (
	ReasonQueueFull    = "queue_full"
	ReasonDeadline     = "deadline"
	ReasonQueueTimeout = "queue_timeout"
	ReasonDraining     = "draining"
	ReasonNoFreeSlot   = "no_free_slot"
	ReasonIsolation    = "isolation"
	ReasonOverloaded   = "overloaded"
)

// ReasonClientGone is of no answer, since nobody would read it: submissions whose client left are only counted by it.
const ReasonClientGone = "client_gone"

// Error makes a problem usable as an error.
func (p *Problem) Error() string {
	if p.Field != "" {
		return fmt.Sprintf("%s: %s: %s", p.Title, p.Field, p.Detail)
	}
	return fmt.Sprintf("%s: %s", p.Title, p.Detail)
}

// Invalid is a 400 about one field (its JSON path; empty: the document as a whole).
func Invalid(field, format string, args ...any) *Problem {
	return &Problem{
		Type: TypeInvalidRequest, Title: "the request is not valid", Status: 400,
		Field: field, Detail: fmt.Sprintf(format, args...),
	}
}

// Unavailable is a 503 with one of the reasons.
func Unavailable(reason, format string, args ...any) *Problem {
	return &Problem{
		Type: TypeUnavailable, Title: "no capacity for this submission now", Status: 503,
		Reason: reason, Detail: fmt.Sprintf(format, args...),
	}
}

// UnknownLanguage is a 422 that lists what there is.
func UnknownLanguage(id string, known []string) *Problem {
	return &Problem{
		Type: TypeUnknownLanguage, Title: "unknown language", Status: 422,
		Field: "language", Detail: fmt.Sprintf("no language %s here; there are: %s", quote(id), join(known)),
	}
}

// TooLarge is a 413 that names the limit.
func TooLarge(limitBytes int64) *Problem {
	return &Problem{
		Type: TypeTooLarge, Title: "the request is too large", Status: 413,
		Detail: fmt.Sprintf("a request body has at most %d bytes here", limitBytes),
	}
}

// Internal is a 500: a fault of the executor that no verdict can carry.
func Internal(detail string) *Problem {
	return &Problem{Type: TypeInternal, Title: "internal error", Status: 500, Detail: detail}
}
