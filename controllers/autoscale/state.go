package autoscale

import "time"

// State is what a decision passes to the next one. It contains no pointers, so assignment copies it
// and == compares it.
type State struct {
	initialized bool
	// last is the previous decision. replicas and ceiling are the policy's numbers at that time.
	last, replicas, ceiling int32
	// now is Input.Now of the previous decision.
	now time.Time

	// specReplicas is Fleet.SpecReplicas of the previous decision; scaledUpAt is when it last rose.
	specReplicas int32
	scaledUpAt   time.Time

	// lastTrusted is the last trusted sample, lastValid the last sample without an implausible
	// number. changedAt is the time of the last sample that differed from the one before it.
	lastTrusted, lastValid reading
	changedAt              time.Time
	// vanished is set while submissions are missing and the counters have not changed since.
	vanished bool
	// assessment is the result for lastValid, kept for decisions on the same sample.
	assessment assessment

	history history
	// clock is the time axis of the window. It advances only between trusted samples.
	clock  time.Duration
	window window
}

// reading is the numbers of a sample.
type reading struct {
	time          time.Time
	waiting, busy float64
	counters      Counters
	// partial reports whether some replicas did not answer, so that their numbers are estimates.
	partial bool
}

// assessment is the trust in a sample; the zero value is trust.
type assessment struct {
	distrust Distrust
	reason   string
}

// readingOf returns the numbers of s.
func readingOf(s Sample) reading {
	return reading{s.Time, s.Waiting, s.Busy, s.Counters, s.Answered < s.Asked}
}

// sameAs reports whether two readings have equal numbers. Their times may differ.
func (r reading) sameAs(o reading) bool {
	return r.waiting == o.waiting && r.busy == o.busy && r.counters == o.counters
}

// inSystem returns the number of submissions that wait or run.
func (r reading) inSystem() float64 { return r.waiting + r.busy }

// absorb adds a trusted sample to the state. A sample that the state already holds changes nothing.
func (s *State) absorb(r reading) {
	before := s.lastTrusted
	if r.time.Equal(before.time) {
		return
	}
	// With work present and no number changed, this sample can be the first one of a frozen source.
	// Its time is added once a number changes.
	if r.counters.Known && !r.partial && r.inSystem() > 0 && r.sameAs(before) {
		return
	}
	since := r.time.Sub(before.time)
	s.lastTrusted = r
	if before.time.IsZero() || since <= 0 || since > maxGap {
		s.history.restart(r)
		return
	}
	s.clock += since
	s.history.add(r, before, since)
}
