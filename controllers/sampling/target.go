package sampling

import (
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
)

// missed is how many questions without an answer are no accident. By then the last good answer counts no longer.
const missed = 3

// target is a pod that is asked.
type target struct {
	Target
	due    time.Time
	asking bool
	// began is when it was last asked and answered when the last question was put that has its answer.
	began, answered time.Time
	asked           bool
	// seen says that it was asked in this round.
	seen     bool
	report   Report
	failures int
	// lacking is how many answers in a row told of less than must be there.
	lacking int
	// good is the last state that was believed, goodAt when that was, and bad that an unbelievable one came since.
	good   api.State
	goodAt time.Time
	bad    bool
}

// took takes in an answer and says whether it differs from the one before in more than numbers.
func (t *target) took(report Report, now time.Time) bool {
	if report.Err == nil && t.Ready && !t.goodAt.IsZero() {
		report.Err = contradiction(t.good, report.State, t.began.Sub(t.goodAt))
	}
	if t.Ready && lacks(report.State) {
		t.lacking++
	} else {
		t.lacking = 0
	}
	if t.lacking >= missed && report.Err == nil {
		report.Err = fmt.Errorf("%w: %d accepted, %d answered, and only %d queued and %d busy", ErrImpossible,
			report.State.Accepted, report.State.Answered, report.State.Queued, report.State.Busy)
	}
	was, before := t.report, t.asked
	t.asking, t.asked, t.seen, t.answered, t.report = false, true, true, t.began, report
	if report.Err != nil {
		t.failures++
		wasBad := t.bad
		t.bad = errors.Is(report.Err, ErrImpossible) || errors.Is(report.Err, ErrFrozen)
		return !before || t.bad != wasBad || t.failures == missed
	}
	recovered := t.failures > 0
	t.failures, t.bad = 0, false
	t.good, t.goodAt = report.State, now
	return !before || recovered || was.Refusal != report.Refusal || was.State.Tier != report.State.Tier ||
		was.State.Slots != report.State.Slots
}

// contradiction says what in an answer cannot follow the one that came some time before. A process that has restarted is
// younger, and counts anew.
func contradiction(before, now api.State, passed time.Duration) error {
	switch {
	case now.UptimeMillis == 0 || now.UptimeMillis < before.UptimeMillis:
		return nil
	case now.UptimeMillis == before.UptimeMillis && passed > 50*time.Millisecond:
		return ErrFrozen
	case now.Accepted < before.Accepted || now.Finished < before.Finished || now.ServedMillis < before.ServedMillis:
		return fmt.Errorf("%w: counters fell", ErrImpossible)
	}
	return nil
}

// lacks says that a pod holds less than it has taken in and not answered. On a node without a free core answers can lag behind
// the slots for a moment, so one such state is no lie.
func lacks(s api.State) bool {
	return s.Accepted > s.Answered+uint64(2*(s.Queued+s.Busy)+2*s.Slots)
}

// fresh says whether the last good answer still counts: an answer may be missed, but not be a lie.
func (t *target) fresh(now time.Time, grace time.Duration) bool {
	return !t.goodAt.IsZero() && !t.bad && now.Sub(t.goodAt) <= grace
}

// shown is the report as status shall have it.
func (t *target) shown(now time.Time, grace time.Duration) Report {
	report := t.report
	if report.Err != nil && t.Ready && t.fresh(now, grace) {
		report.State, report.Err = t.good, nil
	}
	return report
}

// next is when it is asked again: at its own beat, so that pods which are asked in turn stay in turn.
func (t *target) next(interval time.Duration, now time.Time) time.Time {
	if !t.Ready || t.failures > 1 {
		return now.Add(max(interval, slow))
	}
	if at := t.due.Add(interval); at.After(now) {
		return at
	}
	return now.Add(interval)
}
