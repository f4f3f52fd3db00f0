package sampling

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"executorpool.dev/executor/api"
)

// Totals asks a pod for its counts: one GET /v1/totals on the kept connection, 0.5 to 4 KiB of JSON
// and about 90 us of CPU, the pod's side included (`go test -bench Totals ./controllers/sampling`).
// /metrics has tens of KiB, and its buckets, each of twice the width of the one before, are too
// wide for a percentile.
func (s *Sampler) Totals(ctx context.Context, target Target) (api.Totals, error) {
	pod, err := s.at(target)
	if err != nil {
		return api.Totals{}, err
	}
	totals, err := pod.Totals(ctx)
	if err != nil {
		return api.Totals{}, fmt.Errorf("ask pod %s for its totals: %w", target.Name, err)
	}
	if err := plausibleTotals(*totals); err != nil {
		return api.Totals{}, err
	}
	return *totals, nil
}

// LastTotals reads the counts in the termination message of a container; ok is false for any other
// message.
func LastTotals(message string) (totals api.Totals, ok bool) {
	if err := json.Unmarshal([]byte(message), &totals); err != nil || plausibleTotals(totals) != nil {
		return api.Totals{}, false
	}
	return totals, true
}

// maxReason and maxReasons are far above the length and the number of the reasons.
const (
	maxProcess = 64
	maxReason  = 32
	maxReasons = 32
)

// plausibleTotals returns an error for counts that no executor has, so that the memory of a pod is
// bounded and sums do not overflow.
func plausibleTotals(t api.Totals) error {
	switch {
	case t.Process == "" || len(t.Process) > maxProcess || t.UptimeMillis < 0:
		return fmt.Errorf("%w: process %.64q, up for %d ms", ErrImpossible, t.Process, t.UptimeMillis)
	case t.Accepted > math.MaxInt32 || t.Answered > t.Accepted || t.DeepestQueue < 0 || t.DeepestQueue > maxCapacity:
		return fmt.Errorf("%w: %d accepted, %d answered, %d in the queue", ErrImpossible, t.Accepted, t.Answered, t.DeepestQueue)
	case t.Accepted > maxPerMilli*uint64(t.UptimeMillis+1000) || t.ServedMillis > 2*maxSlots*uint64(t.UptimeMillis+1000):
		return fmt.Errorf("%w: %d accepted and %d ms served in %d ms", ErrImpossible, t.Accepted, t.ServedMillis, t.UptimeMillis)
	case len(t.Rejections) > maxReasons:
		return fmt.Errorf("%w: %d reasons of rejections", ErrImpossible, len(t.Rejections))
	}
	known := map[api.Verdict]bool{}
	for _, v := range api.Verdicts() {
		known[v] = true
	}
	var verdicts, waits uint64
	for v, n := range t.Verdicts {
		if !known[v] || n > t.Answered {
			return fmt.Errorf("%w: verdict %.64q for %d of %d", ErrImpossible, v, n, t.Answered)
		}
		verdicts += n
	}
	for reason, n := range t.Rejections {
		if len(reason) > maxReason || n > math.MaxInt32 {
			return fmt.Errorf("%w: %d rejections for %.64q", ErrImpossible, n, reason)
		}
	}
	last := -1
	for _, w := range t.Waits {
		if w[0] >= api.WaitBuckets || int(w[0]) <= last || w[1] > t.Answered {
			return fmt.Errorf("%w: %d waits in bucket %d", ErrImpossible, w[1], w[0])
		}
		last = int(w[0])
		waits += w[1]
	}
	if verdicts > t.Answered || waits != verdicts {
		return fmt.Errorf("%w: %d answered, %d verdicts, %d waits", ErrImpossible, t.Answered, verdicts, waits)
	}
	return nil
}
