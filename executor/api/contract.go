package api

// Paths of the HTTP API.
const (
	// PathExecute takes a submission (POST) and answers its Result.
	PathExecute = "/v1/execute"
	// PathExecuteAlias is PathExecute without a version.
	PathExecuteAlias = "/execute"
	// PathLanguages answers the list of Language.
	PathLanguages = "/v1/languages"
	// PathState answers the State of one executor.
	PathState = "/v1/state"
	// PathTotals answers the Totals of one executor.
	PathTotals = "/v1/totals"
	// PathInfo answers the Info of one executor.
	PathInfo = "/v1/info"
	// PathOpenAPI answers the OpenAPI document of this API.
	PathOpenAPI = "/openapi.json"
	// PathHealthz answers Health while the process serves.
	PathHealthz = "/healthz"
	// PathReadyz answers Readiness: with status 200 while submissions can run, else with status
	// 503.
	PathReadyz = "/readyz"
	// PathMetrics answers the metrics in the text format of Prometheus.
	PathMetrics = "/metrics"
)

// Headers of requests and answers, in the canonical form of net/http.
const (
	HeaderContentType     = "Content-Type"
	HeaderContentEncoding = "Content-Encoding"
	// HeaderAllow names the method of a path in a 405.
	HeaderAllow = "Allow"
	// HeaderRetryAfter is in each 503 to a submission: whole seconds from MinRetryAfterSeconds to
	// MaxRetryAfterSeconds.
	HeaderRetryAfter = "Retry-After"
	// HeaderQueue with the value QueueNone asks not to wait: if no slot is free, the executor rejects
	// the submission with ReasonNoFreeSlot. Other values are not valid.
	HeaderQueue = "X-Queue"
	// HeaderPurpose with the value PurposeCanary marks a submission that proves the executor.
	// Totals do not count it.
	HeaderPurpose = "X-Purpose"
	// HeaderRequestID carries the client's own id of a request. An executor accepts any value and
	// ignores it.
	HeaderRequestID = "X-Request-Id"
)

// Values of headers.
const (
	QueueNone     = "none"
	PurposeCanary = "canary"

	// ContentTypeJSON is the content type of a request and of every document that is not a Problem.
	ContentTypeJSON = "application/json"
	// ContentTypeProblem is the content type of a Problem (RFC 9457).
	ContentTypeProblem = "application/problem+json"

	MinRetryAfterSeconds = 1
	MaxRetryAfterSeconds = 60
)

// Limits of a request that hold in every pool.
const (
	// MaxFiles is the highest number of files of a submission.
	MaxFiles = 64
	// MaxRuns is the highest number of runs of a submission.
	MaxRuns = 256
	// MaxArgs is the highest number of arguments of a run.
	MaxArgs = 64
	// MaxArgBytes is the highest number of bytes in all arguments of a run together.
	MaxArgBytes = 16 << 10
	// MaxFileName is the highest number of bytes in the name of a file.
	MaxFileName = 64
	// MaxHeaderBytes is the highest number of bytes in the request line and the headers together.
	MaxHeaderBytes = 32 << 10
)

// Limits of the body of a request, in bytes. A pool sets its own within MinMaxBodyBytes and
// MaxMaxBodyBytes.
const (
	// DefaultMaxBodyBytes is the limit of a pool that sets none.
	DefaultMaxBodyBytes = 16 << 20
	// MinMaxBodyBytes is the lowest limit that a pool can set.
	MinMaxBodyBytes = 1 << 20
	// MaxMaxBodyBytes is the highest limit that a pool can set.
	MaxMaxBodyBytes = 1 << 30
)
