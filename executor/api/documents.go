package api

// Health is the document of GET /healthz.
type Health struct {
	// Status is HealthOK in every answer.
	Status string `json:"status"`
}

// HealthOK is the status of a process that serves.
const HealthOK = "ok"

// Readiness is the document of GET /readyz.
type Readiness struct {
	// Ready reports whether submissions can run.
	Ready bool `json:"ready"`
	// Reason is why the executor is not ready, for people; absent when it is ready.
	Reason string `json:"reason,omitempty"`
	// Tier is the isolation tier that is enforced.
	Tier string `json:"tier"`
	// TierReason is why the tier is not higher; absent for the highest.
	TierReason string `json:"tierReason,omitempty"`
	// MinimumTier is the tier below which the executor is not ready.
	MinimumTier string `json:"minimumTier"`
}

// Info is the document of GET /v1/info. It does not change in the life of a process.
type Info struct {
	// Version is the version of the executor.
	Version string `json:"version"`
	// Tier is the isolation tier that is enforced.
	Tier string `json:"tier"`
	// Slots is the number of submissions that run at one time.
	Slots int `json:"slots"`
	// TimeoutMillis is the limit of one submission, its compilation and all its runs together, from
	// the instant at which it gets a slot, in milliseconds.
	TimeoutMillis int64 `json:"timeoutMillis"`
	// QueueCapacity is the number of submissions that can wait for a slot.
	QueueCapacity int `json:"queueCapacity"`
	// QueueWaitMillis is the longest wait for a slot, in milliseconds.
	QueueWaitMillis int64 `json:"queueWaitMillis"`
	// Ceilings are the highest limits that a request may ask for, and the limits of a request that
	// asks for none. Every one is positive.
	Ceilings Limits `json:"ceilings"`
	// Request holds the limits of a request.
	Request RequestLimits `json:"request"`
	// Languages are the ids of GET /v1/languages, in the same order; never null.
	Languages []string `json:"languages"`
}

// RequestLimits are the limits of one request. Every one is positive.
type RequestLimits struct {
	// BodyBytes bounds the body.
	BodyBytes int64 `json:"bodyBytes"`
	// HeaderBytes bounds the request line and the headers together.
	HeaderBytes int `json:"headerBytes"`
	// Files bounds the number of files, FileNameBytes the name of each.
	Files         int `json:"files"`
	FileNameBytes int `json:"fileNameBytes"`
	// Runs bounds the number of runs.
	Runs int `json:"runs"`
	// Args bounds the number of arguments of a run, ArgBytes the bytes of all of them together.
	Args     int `json:"args"`
	ArgBytes int `json:"argBytes"`
}

// NewRequestLimits returns the limits of a request whose body has at most bodyBytes bytes.
func NewRequestLimits(bodyBytes int64) RequestLimits {
	return RequestLimits{
		BodyBytes: bodyBytes, HeaderBytes: MaxHeaderBytes, Files: MaxFiles, FileNameBytes: MaxFileName,
		Runs: MaxRuns, Args: MaxArgs, ArgBytes: MaxArgBytes,
	}
}
