package autoscale

import "time"

// State is what a decision wants back with the next input. It holds no pointers: a copy is a copy, and comparable.
type State struct {
	begun bool
	// last is what was decided last. replicas and ceiling are the admin's numbers at that time.
	last, replicas, ceiling int32
	// now is the Input.Now of the decision before.
	now time.Time

	// written is Fleet.Written at that time, wroteAt when it last rose.
	written int32
	wroteAt time.Time

	// believed is the last sample that was believed, heard the last one that was well-formed, moved the time of the last
	// that differed from the one before it.
	believed, heard reading
	moved           time.Time
	// vanished says that work is missing since a sample whose counters are those of heard.
	vanished bool
	// verdict on heard, for when it is shown again.
	verdict verdict

	history history
	// clock is the time that counts towards the window: the time over which believed samples tell.
	clock  time.Duration
	window window
}

// reading is a sample reduced to its numbers.
type reading struct {
	time          time.Time
	waiting, busy float64
	counters      Counters
	// partial says that some of it is presumed, for replicas that were silent.
	partial bool
}

// verdict is why a sample is not believed; zero when it is.
type verdict struct {
	problem Problem
	why     string
}

func (r reading) sameAs(o reading) bool {
	return r.waiting == o.waiting && r.busy == o.busy && r.counters == o.counters
}

func (r reading) inside() float64 { return r.waiting + r.busy }

// absorb takes a believed sample into the state. One that was taken in before changes nothing.
func (s *State) absorb(r reading) {
	before := s.believed
	if r.time.Equal(before.time) {
		return
	}
	// While there is work and nothing moves, this may be the first of a frozen source's samples. It is left out, and the
	// time is made up for once something has moved.
	if r.counters.Known && !r.partial && r.inside() > 0 && r.sameAs(before) {
		return
	}
	since := r.time.Sub(before.time)
	s.believed = r
	if before.time.IsZero() || since <= 0 || since > gap {
		s.history.restart(r)
		return
	}
	s.clock += since
	s.history.add(r, before, since)
}
