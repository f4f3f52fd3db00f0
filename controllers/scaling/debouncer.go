package scaling

import (
	"time"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/status"
)

const (
	// distrustDelay is the time for which distrust of the samples must last before conditions show
	// it, and for which it must be gone before they no longer do. limitDelay is the time after
	// which conditions no longer show a limit that is gone.
	distrustDelay = 3 * time.Second
	limitDelay    = 30 * time.Second
)

// Debouncer keeps the conditions of one pool from changing with each decision. Decisions are made
// each second. It is not safe for concurrent use. The zero value shows neither distrust nor a
// limit.
type Debouncer struct {
	shown status.Scaling
	// agreedAt is when the distrust of a decision last equalled the shown one, limitedAt the same
	// for the limit.
	agreedAt, limitedAt time.Time
}

// Debounce returns what conditions should show after a decision. cause is the error of
// scaling.source, if there is one.
func (b *Debouncer) Debounce(d autoscale.Decision, cause string, now time.Time) status.Scaling {
	next := status.Scaling{Enabled: true, Limited: d.Limited, Distrust: d.Distrust, Cause: cause}
	if next.Distrust != autoscale.DistrustMissing {
		next.Cause = ""
	}
	b.shown.Enabled = true
	if next.Distrust == b.shown.Distrust && next.Cause == b.shown.Cause {
		b.agreedAt = now
	} else if now.Sub(b.agreedAt) >= distrustDelay {
		b.shown.Distrust, b.shown.Cause, b.agreedAt = next.Distrust, next.Cause, now
	}
	if next.Limited == b.shown.Limited {
		b.limitedAt = now
	} else if next.Limited != "" || now.Sub(b.limitedAt) >= limitDelay {
		b.shown.Limited, b.limitedAt = next.Limited, now
	}
	return b.shown
}
