package summary

import (
	"fmt"
	"io"
)

// Named is a summary under the name that heads its column.
type Named struct {
	Name string
	Summary
}

// WriteComparison writes two summaries side by side, with the ratio of the second to the first for
// times.
func WriteComparison(w io.Writer, a, b Named) error {
	t := newTable()
	t.row("", a.Name, b.Name, "ratio")
	t.row("participants", a.Participants, b.Participants, "")
	t.row("right", outOf(a.Counts), outOf(b.Counts), "")
	t.row("wrong answers", a.Wrong, b.Wrong, "")
	t.row("rejected (503)", a.Rejected, b.Rejected, "")
	t.row("refused (other errors)", a.Refused, b.Refused, "")
	t.row("lost (no answer)", a.Lost, b.Lost, "")
	t.millis("wait p50", a.QueueWaitMillis.P50, b.QueueWaitMillis.P50)
	t.millis("wait p95", a.QueueWaitMillis.P95, b.QueueWaitMillis.P95)
	t.millis("wait p99", a.QueueWaitMillis.P99, b.QueueWaitMillis.P99)
	t.millis("wait max", a.QueueWaitMillis.Max, b.QueueWaitMillis.Max)
	t.millis("total p95", a.LatencyMillis.P95, b.LatencyMillis.P95)
	t.millis("time to the last answer", a.LastAnswerMillis, b.LastAnswerMillis)
	t.row("verdicts per second", fmt.Sprintf("%.1f", a.VerdictsPerSecond), fmt.Sprintf("%.1f", b.VerdictsPerSecond), "")
	return t.writeTo(w)
}

// CheckImprovement returns why b is not an improvement on a. It returns nil when both are all right
// and the p95 queue wait of b is below maxRatio times that of a.
func CheckImprovement(a, b Named, maxRatio float64) error {
	for _, r := range []Named{a, b} {
		if !r.AllRight() {
			return fmt.Errorf("%s: %d of %d submissions are right: every one must be before waits compare",
				r.Name, r.Right, r.Submissions)
		}
	}
	was, is := a.QueueWaitMillis.P95, b.QueueWaitMillis.P95
	if float64(is) >= maxRatio*float64(was) {
		return fmt.Errorf("%s: p95 wait in the queue is %s, not below %g times the %s of %s",
			b.Name, seconds(is), maxRatio, seconds(was), a.Name)
	}
	return nil
}

func (t *table) millis(name string, a, b int64) {
	if a == 0 {
		t.row(name, seconds(a), seconds(b), "")
		return
	}
	t.row(name, seconds(a), seconds(b), fmt.Sprintf("%.2f", float64(b)/float64(a)))
}
