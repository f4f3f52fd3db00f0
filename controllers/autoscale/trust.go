package autoscale

import (
	"fmt"
	"math"
	"time"
)

const (
	// skew is by how much two clocks of one machine may seem to differ.
	skew = 2 * time.Second
	// grace is what a submission may take over its timeout until it is counted.
	grace = 15 * time.Second
	// gap is how far at most two samples or decisions may be apart to belong together: further, and the clock has jumped or
	// nobody looked.
	gap = 90 * time.Second
	// most is more than any pool has of anything but submissions.
	most = 1e6
	// endless is more submissions than any pool has seen.
	endless = 1e15
)

// doubtAbout says why the sample is not to be believed; zero when it is.
func (s *State) doubtAbout(in Input) verdict {
	p, f, sample := in.Policy, in.Fleet, in.Sample
	since := in.Now.Sub(s.now)
	jumped := s.begun && !s.now.IsZero() && (since < -skew || since > gap)
	switch age := in.Now.Sub(sample.Time); {
	case sample.Problem != "":
		return verdict{ProblemMissing, sample.Problem}
	case sample.Asked == 0 && !sample.Time.IsZero():
		return verdict{ProblemNobody, "no replica was ready to be asked"}
	case sample.Time.IsZero() && f.Ready <= 0:
		return verdict{ProblemNobody, "no replica is ready to be asked"}
	case sample.Time.IsZero():
		return verdict{ProblemMissing, "nothing was sampled yet"}
	case jumped && since < 0:
		return verdict{ProblemClock, fmt.Sprintf("the clock went back by %s", round(-since))}
	case jumped:
		return verdict{ProblemClock, fmt.Sprintf("the clock jumped ahead by %s, or nobody looked for that long", round(since))}
	case age < -skew:
		return verdict{ProblemClock, fmt.Sprintf("the sample is from %s in the future", round(-age))}
	case age > p.StaleAfter:
		return verdict{ProblemStale, fmt.Sprintf("the last sample is %s old", round(age))}
	}
	if v := implausible(in); v.problem != "" {
		return v
	}
	return s.contradicts(in)
}

// implausible says what in a sample cannot be, whatever came before it.
func implausible(in Input) verdict {
	sample := in.Sample
	if sample.Asked < 0 || sample.Answered < 0 || sample.Answered > sample.Asked {
		return verdict{ProblemImpossible, fmt.Sprintf("%d of %d replicas answered", sample.Answered, sample.Asked)}
	}
	if 2*int64(sample.Answered) <= int64(sample.Asked) {
		return verdict{ProblemSilent, fmt.Sprintf("%d of %d replicas did not answer", sample.Asked-sample.Answered, sample.Asked)}
	}
	k := sample.Counters
	for _, number := range []struct {
		name        string
		value, most float64
	}{
		{"waiting", sample.Waiting, most}, {"busy", sample.Busy, most}, {"slots", sample.Slots, most},
		{"places in the queues", sample.Room, endless},
		{"arrived", k.Arrived, endless}, {"finished", k.Finished, endless}, {"slot-seconds", k.ServiceSeconds, endless}, {"gone", k.Gone, endless},
	} {
		if !(number.value >= 0 && number.value <= number.most) { // also NaN
			return verdict{ProblemImpossible, fmt.Sprintf("%v %s", number.value, number.name)}
		}
	}
	if sample.Slots > 0 && sample.Busy > sample.Slots {
		return verdict{ProblemImpossible, fmt.Sprintf("%v of %v slots are busy", sample.Busy, sample.Slots)}
	}
	// Pods of an older template may have more slots, but not any number.
	bound := 2 * float64(in.Policy.SlotsPerReplica) * float64(max(in.Fleet.Ready, in.Fleet.Written, sample.Answered))
	if sample.Slots <= 0 && sample.Busy > bound {
		return verdict{ProblemImpossible, fmt.Sprintf("%v slots are busy, and the pool has %d replicas of %d", sample.Busy, in.Fleet.Ready, in.Policy.SlotsPerReplica)}
	}
	if sample.Room > 0 && sample.Waiting > sample.Room {
		return verdict{ProblemImpossible, fmt.Sprintf("%v wait in queues with room for %v", sample.Waiting, sample.Room)}
	}
	return verdict{}
}

// contradicts says what does not go with the samples before.
func (s *State) contradicts(in Input) verdict {
	now := readingOf(in.Sample)
	if s.heard.time.IsZero() || !now.time.Equal(s.heard.time) {
		s.verdict = s.judge(now, in)
		s.heard = now
	}
	return s.verdict
}

func (s *State) judge(now reading, in Input) verdict {
	before := s.heard
	if before.time.IsZero() || !now.sameAs(before) || now.inside() == 0 {
		s.moved = now.time
	}
	if before.time.IsZero() {
		return verdict{}
	}
	k, old := now.counters, before.counters
	if since := now.time.Sub(before.time); since < -skew {
		s.believed, s.vanished, s.moved = reading{}, false, now.time
		return verdict{ProblemClock, fmt.Sprintf("the sample is from %s before the one before it", round(-since))}
	}
	if k.Known && old.Known && k.fellFrom(old) {
		s.believed, s.vanished = reading{}, false
		return verdict{ProblemReset, "a counter fell"}
	}
	if k.Known && old.Known {
		slots := max(in.Sample.Slots, float64(in.Policy.SlotsPerReplica)*float64(max(in.Fleet.Ready, in.Fleet.Written)))
		did := k.ServiceSeconds - old.ServiceSeconds
		if most := slots * (now.time.Sub(before.time) + in.Policy.Timeout + grace).Seconds(); did > most {
			s.believed, s.vanished = reading{}, false
			return verdict{ProblemReset, fmt.Sprintf("a counter leapt: %.0f slots cannot have done %.0f slot-seconds", slots, did)}
		}
	}
	if still := now.time.Sub(s.moved); still > in.Policy.Timeout+grace && (k.Known || now.waiting > 0) {
		return verdict{ProblemFrozen, fmt.Sprintf("%v waiting + %v busy and no number has moved for %s, longer than a submission may take",
			now.waiting, now.busy, round(still))}
	}
	if now.partial {
		return verdict{} // what a silent replica holds cannot be missed
	}
	alive := s.vanished && (k.Arrived > old.Arrived || k.Finished > old.Finished)
	s.vanished = !alive && now.lacks(s.believed)
	if s.vanished {
		return verdict{ProblemVanished, "submissions that were waiting or running are gone, and nobody has finished them"}
	}
	return verdict{}
}

func (k Counters) fellFrom(old Counters) bool {
	return k.Arrived < old.Arrived || k.Finished < old.Finished || k.ServiceSeconds < old.ServiceSeconds || k.Gone < old.Gone
}

// lacks says whether work is missing: what was inside before and arrived since must still be inside, or be finished, or be
// counted as gone. Four and a tenth of it all are allowed for numbers that are not read at the very same moment.
func (r reading) lacks(before reading) bool {
	if before.time.IsZero() || before.partial || !r.counters.Known || !before.counters.Known {
		return false
	}
	arrived := r.counters.Arrived - before.counters.Arrived
	left := r.counters.Finished - before.counters.Finished + r.counters.Gone - before.counters.Gone
	expected := before.inside() + arrived - left
	return expected-r.inside() > 4+(before.inside()+arrived)/10
}

func readingOf(s Sample) reading {
	return reading{s.Time, s.Waiting, s.Busy, s.Counters, s.Answered < s.Asked}
}

func round(d time.Duration) time.Duration {
	if d == math.MinInt64 {
		d++
	}
	return max(d, -d).Round(time.Second)
}
