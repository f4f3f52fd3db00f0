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

// Debouncer keeps conditions from changing with each decision. Decisions are made each second.
type Debouncer struct {
	shown status.Scaling
	// agreedAt is when the distrust of a decision last equalled the shown one, limitedAt the same
	// for the limit.
	agreedAt, limitedAt time.Time
}

func (w *Debouncer) of(d autoscale.Decision, cause string, now time.Time) status.Scaling {
	shown := status.Scaling{Enabled: true, Limited: d.Limited, Distrust: d.Distrust, Cause: cause}
	if shown.Distrust != autoscale.DistrustMissing {
		shown.Cause = ""
	}
	w.shown.Enabled = true
	if shown.Distrust == w.shown.Distrust && shown.Cause == w.shown.Cause {
		w.agreedAt = now
	} else if now.Sub(w.agreedAt) >= distrustDelay {
		w.shown.Distrust, w.shown.Cause, w.agreedAt = shown.Distrust, shown.Cause, now
	}
	if shown.Limited == w.shown.Limited {
		w.limitedAt = now
	} else if shown.Limited != "" || now.Sub(w.limitedAt) >= limitDelay {
		w.shown.Limited, w.limitedAt = shown.Limited, now
	}
	return w.shown
}
