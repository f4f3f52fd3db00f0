package sampling

import (
	"errors"
	"fmt"
	"time"

	"executorpool.dev/controllers/status"
	"executorpool.dev/executor/api"
)

const (
	// maxMissed is the number of questions in a row without an answer after which a pod is silent.
	maxMissed = 3
	// shownFor is the shortest time for which the status shows that a pod is not trusted. A pod that
	// lies in every second answer would otherwise have the status written at each answer.
	shownFor = 10 * time.Second
	// maxReasonChanges is the number of changes of a pod's NotReadyReason after which unsteadyReason
	// replaces it. An executor that starts has two or three.
	maxReasonChanges = 8
	unsteadyReason   = "it gives another reason in each answer"
)

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
	// shown is the distrust that the status shows, and shownUntil is when an answer without a fault
	// may end it.
	shown      error
	shownUntil time.Time
	// tier is the lowest tier that the pod reported. reasons is the number of times that its
	// NotReadyReason has changed.
	tier    string
	hasTier bool
	reasons int
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
	t.steady(&answer)
	t.asking, t.asked, t.seen, t.answered, t.answer = false, true, true, t.began, answer
	shownChanged := t.show(answer.Err, now)
	if answer.Err != nil {
		t.failures++
		t.distrusted = isDistrust(answer.Err)
		return !before || shownChanged || t.failures == maxMissed
	}
	recovered := t.failures > 0 && t.shown == nil
	t.failures, t.distrusted = 0, false
	t.trusted, t.trustedAt = answer.State, now
	return !before || recovered || shownChanged || was.NotReadyReason != answer.NotReadyReason ||
		was.State.Tier != answer.State.Tier || was.State.Slots != answer.State.Slots
}

func isDistrust(err error) bool {
	return errors.Is(err, ErrImpossible) || errors.Is(err, ErrFrozen)
}

// show decides which distrust the status shows, and reports whether that changed. The first one
// stays until the pod has been without a fault for shownFor.
func (t *target) show(err error, now time.Time) (changed bool) {
	switch {
	case isDistrust(err):
		changed = t.shown == nil
		if changed {
			t.shown = err
		}
		t.shownUntil = now.Add(shownFor)
	case err == nil && t.shown != nil && !now.Before(t.shownUntil):
		t.shown, changed = nil, true
	}
	return changed
}

// steady removes from the texts of an answer what no executor changes with each answer. A process
// proves its tier once, at its boot, so the lowest one that it reported counts.
func (t *target) steady(answer *Answer) {
	if answer.Err != nil {
		return
	}
	if !t.hasTier {
		t.tier, t.hasTier = answer.State.Tier, true
	}
	t.tier = status.Weaker(answer.State.Tier, t.tier)
	answer.State.Tier = t.tier
	if t.asked && t.answer.Err == nil && answer.NotReadyReason != t.answer.NotReadyReason {
		t.reasons++
	}
	if t.reasons > maxReasonChanges {
		answer.NotReadyReason = unsteadyReason
	}
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
	if answer.Err == nil && t.shown != nil {
		answer.Err = t.shown
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
