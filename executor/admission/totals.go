package admission

import (
	"maps"
	"sync"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
)

// Totals counts submissions other than canaries for GET /v1/totals. One lock makes all counts of a
// document those of one instant.
type Totals struct {
	clock queue.Clock

	mu                 sync.Mutex
	accepted, answered uint64
	servedMillis       uint64
	verdicts           map[api.Verdict]uint64
	rejections         map[string]uint64
	waits              [api.WaitBuckets]uint64
	// deepest holds the highest queue depth of the Unix second lastSecond and of the two seconds
	// before it.
	deepest    [3]int
	lastSecond int64
}

// NewTotals returns totals of zero.
func NewTotals(clock queue.Clock) *Totals {
	return &Totals{clock: clock, verdicts: map[api.Verdict]uint64{}, rejections: map[string]uint64{}}
}

// CountAccepted counts an accepted submission. depth is the queue depth after its acceptance.
func (t *Totals) CountAccepted(depth int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted++
	t.advanceLocked()
	t.deepest[0] = max(t.deepest[0], depth)
}

// advanceLocked shifts deepest up to the current second.
func (t *Totals) advanceLocked() {
	now := t.clock.Now().Unix()
	for t.lastSecond < now {
		t.lastSecond = max(t.lastSecond+1, now-2)
		t.deepest = [3]int{0, t.deepest[0], t.deepest[1]}
	}
}

// CountOutcome counts the outcome of an accepted submission. For an outcome that is answered with a
// rejection, the caller also calls CountRejection.
func (t *Totals) CountOutcome(o job.Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answered++
	switch o.Disposition {
	case job.Ran:
		t.verdicts[o.Result.Verdict]++
		t.servedMillis += uint64(o.Held.Milliseconds())
		t.waits[api.WaitBucket(o.Waited)]++
	case job.Abandoned:
		t.rejections[api.ReasonClientGone]++
	}
}

// CountRejection counts a submission that was answered with a problem. reason is the label of
// executor_rejections_total.
func (t *Totals) CountRejection(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rejections[reason]++
}

// Document returns the counts of this instant. depth is the queue depth now: the deepest queue
// includes it, because a long queue that accepts nothing more is still deep. Process, UptimeMillis
// and Draining are left to the caller.
func (t *Totals) Document(depth int) api.Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.advanceLocked()
	all := api.Totals{
		Accepted: t.accepted, Answered: t.answered, ServedMillis: t.servedMillis,
		Verdicts: maps.Clone(t.verdicts), Rejections: maps.Clone(t.rejections),
		DeepestQueue: max(depth, t.deepest[0], t.deepest[1], t.deepest[2]),
	}
	for bucket, n := range t.waits {
		if n > 0 {
			all.Waits = append(all.Waits, [2]uint64{uint64(bucket), n})
		}
	}
	return all
}
