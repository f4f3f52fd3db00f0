package scaling

import (
	"time"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/status"
)

const (
	// doubtPatience is how long a sample must be in doubt before a condition says so, and how long believed before it
	// no longer does; limitPatience how long a limit is over before it is. What comes and goes is not worth two writes.
	doubtPatience = 3 * time.Second
	limitPatience = 30 * time.Second
)

// word is what conditions are told of decisions, which are made each second, so that the conditions do not flap.
type word struct {
	told status.Scaling
	// agreed is when the decisions last agreed with what was told of doubts, limited when one was last limited as told.
	agreed, limited time.Time
}

func (w *word) of(d autoscale.Decision, cause string, now time.Time) status.Scaling {
	told := status.Scaling{Enabled: true, Limited: d.Limited, Problem: d.Distrust, Cause: cause}
	if told.Problem != autoscale.DistrustMissing {
		told.Cause = ""
	}
	w.told.Enabled = true
	if told.Problem == w.told.Problem && told.Cause == w.told.Cause {
		w.agreed = now
	} else if now.Sub(w.agreed) >= doubtPatience {
		w.told.Problem, w.told.Cause, w.agreed = told.Problem, told.Cause, now
	}
	if told.Limited == w.told.Limited {
		w.limited = now
	} else if told.Limited != "" || now.Sub(w.limited) >= limitPatience {
		w.told.Limited, w.limited = told.Limited, now
	}
	return w.told
}
