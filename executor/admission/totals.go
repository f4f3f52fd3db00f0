package admission

import (
	"maps"
	"sync"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
)

// Totals counts submissions for /v1/totals. One lock makes an answer of one instant.
type Totals struct {
	clock queue.Clock

	mu                 sync.Mutex
	accepted, answered uint64
	served             uint64 // milliseconds
	verdicts           map[api.Verdict]uint64
	rejections         map[string]uint64
	waits              [api.WaitBuckets]uint64
	// deepest is the most that waited at one time in the second that ends with latest, and in the two before it.
	deepest [3]int
	latest  int64
}

// NewTotals makes one that has counted nothing.
func NewTotals(clock queue.Clock) *Totals {
	return &Totals{clock: clock, verdicts: map[api.Verdict]uint64{}, rejections: map[string]uint64{}}
}

// Accept counts a submission that was taken in, with which so many wait.
func (t *Totals) Accept(waiting int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted++
	t.turn()
	t.deepest[0] = max(t.deepest[0], waiting)
}

// turn brings the seconds up to now.
func (t *Totals) turn() {
	now := t.clock.Now().Unix()
	for t.latest < now {
		t.latest = max(t.latest+1, now-2)
		t.deepest = [3]int{0, t.deepest[0], t.deepest[1]}
	}
}

// Finish counts the outcome of an accepted submission; one that was refused after all is counted by Reject besides.
func (t *Totals) Finish(o job.Outcome) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.answered++
	switch o.Fate {
	case job.Ran:
		t.verdicts[o.Result.Verdict]++
		t.served += uint64(o.Held.Milliseconds())
		t.waits[api.WaitBucket(o.Waited)]++
	case job.Abandoned:
		t.rejections[api.ReasonClientGone]++
	}
}

// Reject counts one that was refused.
func (t *Totals) Reject(reason string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rejections[reason]++
}

// Read takes what waits now as well: a queue that is long and gets no more is still deep.
func (t *Totals) Read(waiting int) api.Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	all := api.Totals{
		Accepted: t.accepted, Answered: t.answered, ServedMillis: t.served,
		Verdicts: maps.Clone(t.verdicts), Rejections: maps.Clone(t.rejections),
		DeepestQueue: max(waiting, t.deepest[0], t.deepest[1], t.deepest[2]),
	}
	for bucket, n := range t.waits {
		if n > 0 {
			all.Waits = append(all.Waits, [2]uint64{uint64(bucket), n})
		}
	}
	return all
}
