package api

import (
	"math"
	"time"
)

// Totals is the document of GET /v1/totals: what the process has counted since it started, all of the same instant. Whoever
// adds up a fleet's takes the difference of two answers of one process. Submissions with the header X-Purpose: canary are
// no part of it; /v1/state and /metrics count them.
type Totals struct {
	// Process is different in each process, so that counters that began anew are told from those that went on.
	Process      string `json:"process"`
	UptimeMillis int64  `json:"uptimeMillis"`
	// Draining says that the executor is shutting down.
	Draining bool `json:"draining"`
	// Accepted submissions got a slot or a place in the queue; Answered are those of them that had any answer.
	Accepted uint64 `json:"accepted"`
	Answered uint64 `json:"answered"`
	// Verdicts count the answered submissions that ran. ServedMillis is how long slots held these, all together.
	Verdicts     map[Verdict]uint64 `json:"verdicts,omitempty"`
	ServedMillis uint64             `json:"servedMillis"`
	// Rejections count what was not run to a verdict by reason, as executor_rejections_total does.
	Rejections map[string]uint64 `json:"rejections,omitempty"`
	// Waits are pairs of a WaitBucket and how many submissions with a verdict waited that long for a slot, in rising order.
	Waits [][2]uint64 `json:"waits,omitempty"`
	// DeepestQueue is the most submissions that waited at one time within the last two seconds.
	DeepestQueue int `json:"deepestQueue"`
}

// Buckets of waits are a twentieth wide, which is by how much a percentile read from them may be off: 1 ms, and 311 more to
// an hour. Only those that hold something are sent, some 10 bytes each.
const (
	waitStep = 1.05
	// WaitBuckets is how many there are.
	WaitBuckets = 312
)

// WaitBucket is the bucket a wait falls into: 0 up to a millisecond, then each reaches a twentieth further.
func WaitBucket(wait time.Duration) int {
	if wait <= time.Millisecond {
		return 0
	}
	return min(WaitBuckets-1, int(math.Ceil(math.Log(float64(wait)/float64(time.Millisecond))/math.Log(waitStep))))
}

// WaitBound is the longest wait of a bucket; the last holds longer ones too.
func WaitBound(bucket int) time.Duration {
	return time.Duration(float64(time.Millisecond) * math.Pow(waitStep, float64(bucket)))
}

// Verdicts are all there are.
func Verdicts() []Verdict {
	return []Verdict{OK, CompileError, RuntimeError, TimeLimit, MemoryLimit, OutputLimit, ProcessLimit, InternalError}
}
