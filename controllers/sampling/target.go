package sampling

import (
	"errors"
	"fmt"
	"time"

	"executorpool.dev/executor/api"
)

// maxMissed is the number of questions in a row without an answer after which a pod is silent.
const maxMissed = 3

// target is a pod that is asked.
type target struct {
	Target
	due    time.Time
	asking bool
	// began is when the pod was last asked. answered is when the question of its last answer began.
	began, answered time.Time
	asked           bool
	// seen reports whether the pod was asked in this round.
	seen     bool
	answer   Answer
	failures int
	// hiding is the number of answers in a row with less work than the pod must hold.
	hiding int
	// trusted is the last state without a fault and trustedAt its time. distrusted reports whether
	// an impossible or frozen answer came since.
	trusted    api.State
	trustedAt  time.Time
	distrusted bool
}

// record takes in an answer, and reports whether it differs from the earlier one in more than its
// numbers.
func (t *target) record(answer Answer, now time.Time) bool {
	if answer.Err == nil && t.Ready && !t.trustedAt.IsZero() {
		answer.Err = contradiction(t.trusted, answer.State, t.began.Sub(t.trustedAt))
	}
	if t.Ready && hidesWork(answer.State) {
		t.hiding++
	} else {
		t.hiding = 0
	}
	if t.hiding >= maxMissed && answer.Err == nil {
		answer.Err = fmt.Errorf("%w: %d accepted, %d answered, and only %d queued and %d busy", ErrImpossible,
			answer.State.Accepted, answer.State.Answered, answer.State.Queued, answer.State.Busy)
	}
	was, before := t.answer, t.asked
	t.asking, t.asked, t.seen, t.answered, t.answer = false, true, true, t.began, answer
	if answer.Err != nil {
		t.failures++
		wasDistrusted := t.distrusted
		t.distrusted = errors.Is(answer.Err, ErrImpossible) || errors.Is(answer.Err, ErrFrozen)
		return !before || t.distrusted != wasDistrusted || t.failures == maxMissed
	}
	recovered := t.failures > 0
	t.failures, t.distrusted = 0, false
	t.trusted, t.trustedAt = answer.State, now
	return !before || recovered || was.NotReadyReason != answer.NotReadyReason || was.State.Tier != answer.State.Tier ||
		was.State.Slots != answer.State.Slots
}

// contradiction returns what in a state cannot follow an earlier one. A process that has restarted
// is younger, and its counters begin at 0.
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

// hidesWork reports whether a pod holds less than it has accepted and not answered. On a node
// without a free core the answers can lag behind the slots, so that one such state is possible.
func hidesWork(s api.State) bool {
	return s.Accepted > s.Answered+uint64(2*(s.Queued+s.Busy)+2*s.Slots)
}

// fresh reports whether the last trusted state still counts: a pod may miss an answer, but not give
// a false one.
func (t *target) fresh(now time.Time, grace time.Duration) bool {
	return !t.trustedAt.IsZero() && !t.distrusted && now.Sub(t.trustedAt) <= grace
}

// forStatus returns the answer for the pool's status.
func (t *target) forStatus(now time.Time, grace time.Duration) Answer {
	answer := t.answer
	if answer.Err != nil && t.Ready && t.fresh(now, grace) {
		answer.State, answer.Err = t.trusted, nil
	}
	return answer
}

// next returns when the pod is due again. It keeps the pod's phase, so that pods which are asked in
// turn stay in turn.
func (t *target) next(interval time.Duration, now time.Time) time.Time {
	if !t.Ready || t.failures > 1 {
		return now.Add(max(interval, slowInterval))
	}
	if at := t.due.Add(interval); at.After(now) {
		return at
	}
	return now.Add(interval)
}
