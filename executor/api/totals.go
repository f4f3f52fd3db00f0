package api

import (
	"math"
	"time"
)

// Totals is the document of GET /v1/totals: the counts of the process since its start, all of one
// instant. The counts of an interval are the difference between two answers of the same process.
// Totals do not count submissions with the header X-Purpose: canary; /v1/state and /metrics do.
type Totals struct {
	// Process identifies the process: it differs between any two processes.
	// Two answers with the same Process have counts since the same start.
	Process string `json:"process"`
	// UptimeMillis is the age of the process.
	UptimeMillis int64 `json:"uptimeMillis"`
	// Draining reports whether the executor is shutting down.
	Draining bool `json:"draining"`
	// Accepted counts the submissions that got a slot or a place in the queue, Answered those of them
	// that have their outcome.
	Accepted uint64 `json:"accepted"`
	Answered uint64 `json:"answered"`
	// Verdicts counts the answered submissions that ran. ServedMillis is the sum of their service
	// times.
	Verdicts     map[Verdict]uint64 `json:"verdicts,omitempty"`
	ServedMillis uint64             `json:"servedMillis"`
	// Rejections counts the submissions without a verdict by reason, one of RejectionReasons, as the
	// metric executor_rejections_total does.
	Rejections map[string]uint64 `json:"rejections,omitempty"`
	// Waits is the histogram of the queue waits of the submissions with a verdict: pairs of a
	// WaitBucket and a count above 0, by rising bucket.
	Waits [][2]uint64 `json:"waits,omitempty"`
	// DeepestQueue is the highest queue depth within the last two seconds.
	DeepestQueue int `json:"deepestQueue"`
}

// The first bucket of waits ends at 1 ms, each further one at 1.05 times the end of the one before,
// and the last at about an hour. A percentile that is read from the buckets is at most 5 % too
// high. An answer holds only the buckets that are not empty, about 10 bytes each.
const (
	// waitStep is the ratio of the ends of two consecutive buckets.
	waitStep = 1.05
	// WaitBuckets is the number of buckets.
	WaitBuckets = 312
)

// WaitBucket returns the bucket of a wait, from 0 to WaitBuckets - 1.
func WaitBucket(wait time.Duration) int {
	if wait <= time.Millisecond {
		return 0
	}
	return min(WaitBuckets-1, int(math.Ceil(math.Log(float64(wait)/float64(time.Millisecond))/math.Log(waitStep))))
}

// WaitBound returns the longest wait of a bucket. The last bucket holds longer ones too.
func WaitBound(bucket int) time.Duration {
	return time.Duration(float64(time.Millisecond) * math.Pow(waitStep, float64(bucket)))
}

// Verdicts returns every verdict.
func Verdicts() []Verdict {
	return []Verdict{OK, CompileError, RuntimeError, TimeLimit, MemoryLimit, OutputLimit, ProcessLimit, InternalError}
}
