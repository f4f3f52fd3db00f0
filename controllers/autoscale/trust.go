package autoscale

import (
	"fmt"
	"math"
	"time"
)

const (
	// clockSkew is the largest difference between two clocks that counts as equal.
	clockSkew = 2 * time.Second
	// countDelay is the longest time from the timeout of a submission to its count.
	countDelay = 15 * time.Second
	// maxGap is the longest time between two consecutive samples or decisions. A longer one means
	// that the clock jumped or that no decision was made.
	maxGap = 90 * time.Second
	// maxCount is above any number of replicas, slots and queued submissions of a pool.
	maxCount = 1e6
	// maxTotal is above any total over the life of a pool.
	maxTotal = 1e15
)

// assess returns the distrust in the sample; zero if the sample is trusted.
func (s *State) assess(in Input) assessment {
	p, f, sample := in.Policy, in.Fleet, in.Sample
	since := in.Now.Sub(s.now)
	jumped := s.initialized && !s.now.IsZero() && (since < -clockSkew || since > maxGap)
	switch age := in.Now.Sub(sample.Time); {
	case sample.Failure != "":
		return assessment{DistrustMissing, sample.Failure}
	case sample.Asked == 0 && !sample.Time.IsZero():
		return assessment{DistrustNobody, "no replica was ready to answer"}
	case sample.Time.IsZero() && f.ReadyReplicas <= 0:
		return assessment{DistrustNobody, "no replica is ready to answer"}
	case sample.Time.IsZero():
		return assessment{DistrustMissing, "there is no sample yet"}
	case jumped && since < 0:
		return assessment{DistrustClock, fmt.Sprintf("the clock went back by %s", round(-since))}
	case jumped:
		return assessment{DistrustClock, fmt.Sprintf("the clock jumped ahead by %s, or no decision was made for that long", round(since))}
	case age < -clockSkew:
		return assessment{DistrustClock, fmt.Sprintf("the sample is from %s in the future", round(-age))}
	case age > p.StaleAfter:
		return assessment{DistrustStale, fmt.Sprintf("the last sample is %s old", round(age))}
	}
	if a := checkPlausible(in); a.distrust != "" {
		return a
	}
	return s.checkConsistent(in)
}

// checkPlausible distrusts a sample whose numbers are impossible, whatever earlier samples show.
func checkPlausible(in Input) assessment {
	sample := in.Sample
	if sample.Asked < 0 || sample.Answered < 0 || sample.Answered > sample.Asked {
		return assessment{DistrustImpossible, fmt.Sprintf("%d of %d replicas answered", sample.Answered, sample.Asked)}
	}
	if 2*int64(sample.Answered) <= int64(sample.Asked) {
		return assessment{DistrustSilent, fmt.Sprintf("%d of %d replicas did not answer", sample.Asked-sample.Answered, sample.Asked)}
	}
	k := sample.Counters
	for _, number := range []struct {
		name         string
		value, limit float64
	}{
		{"waiting", sample.Waiting, maxCount}, {"busy", sample.Busy, maxCount}, {"slots", sample.Slots, maxCount},
		{"queue capacity", sample.QueueCapacity, maxTotal},
		{"arrived", k.Arrived, maxTotal}, {"finished", k.Finished, maxTotal}, {"slot-seconds", k.ServiceSeconds, maxTotal}, {"gone", k.Gone, maxTotal},
	} {
		if !(number.value >= 0 && number.value <= number.limit) { // also true for NaN
			return assessment{DistrustImpossible, fmt.Sprintf("%v %s", number.value, number.name)}
		}
	}
	if sample.Slots > 0 && sample.Busy > sample.Slots {
		return assessment{DistrustImpossible, fmt.Sprintf("%v of %v slots are busy", sample.Busy, sample.Slots)}
	}
	// Pods of an older template can have more slots; twice as many is the limit.
	bound := 2 * float64(in.Policy.SlotsPerReplica) * float64(max(in.Fleet.ReadyReplicas, in.Fleet.SpecReplicas, sample.Answered))
	if sample.Slots <= 0 && sample.Busy > bound {
		return assessment{DistrustImpossible, fmt.Sprintf("%v slots are busy, and the pool has %d replicas of %d", sample.Busy, in.Fleet.ReadyReplicas, in.Policy.SlotsPerReplica)}
	}
	if sample.QueueCapacity > 0 && sample.Waiting > sample.QueueCapacity {
		return assessment{DistrustImpossible, fmt.Sprintf("%v wait in queues with a capacity of %v", sample.Waiting, sample.QueueCapacity)}
	}
	return assessment{}
}

// checkConsistent distrusts a sample that contradicts earlier samples.
func (s *State) checkConsistent(in Input) assessment {
	now := readingOf(in.Sample)
	if s.lastValid.time.IsZero() || !now.time.Equal(s.lastValid.time) {
		s.assessment = s.compare(now, in)
		s.lastValid = now
	}
	return s.assessment
}

// compare assesses a new reading against the previous valid one.
func (s *State) compare(now reading, in Input) assessment {
	before := s.lastValid
	if before.time.IsZero() || !now.sameAs(before) || now.inSystem() == 0 {
		s.changedAt = now.time
	}
	if before.time.IsZero() {
		return assessment{}
	}
	k, old := now.counters, before.counters
	if since := now.time.Sub(before.time); since < -clockSkew {
		s.lastTrusted, s.vanished, s.changedAt = reading{}, false, now.time
		return assessment{DistrustClock, fmt.Sprintf("the sample is %s older than the previous one", round(-since))}
	}
	if k.Known && old.Known && k.decreasedFrom(old) {
		s.lastTrusted, s.vanished = reading{}, false
		return assessment{DistrustReset, "a counter decreased"}
	}
	if k.Known && old.Known {
		slots := max(in.Sample.Slots, float64(in.Policy.SlotsPerReplica)*float64(max(in.Fleet.ReadyReplicas, in.Fleet.SpecReplicas)))
		served := k.ServiceSeconds - old.ServiceSeconds
		if limit := slots * (now.time.Sub(before.time) + in.Policy.Timeout + countDelay).Seconds(); served > limit {
			s.lastTrusted, s.vanished = reading{}, false
			return assessment{DistrustReset, fmt.Sprintf("a counter increased by more than is possible: %.0f slots cannot have served %.0f slot-seconds", slots, served)}
		}
	}
	if still := now.time.Sub(s.changedAt); still > in.Policy.Timeout+countDelay && (k.Known || now.waiting > 0) {
		return assessment{DistrustFrozen, fmt.Sprintf("%v waiting + %v busy and no number has changed for %s, longer than a submission may take",
			now.waiting, now.busy, round(still))}
	}
	if now.partial {
		return assessment{} // work on a replica that did not answer is not missing
	}
	counting := s.vanished && (k.Arrived > old.Arrived || k.Finished > old.Finished)
	s.vanished = !counting && now.misses(s.lastTrusted)
	if s.vanished {
		return assessment{DistrustVanished, "submissions that were waiting or running are gone, and no replica has finished them"}
	}
	return assessment{}
}

// decreasedFrom reports whether a counter is below its earlier value.
func (k Counters) decreasedFrom(old Counters) bool {
	return k.Arrived < old.Arrived || k.Finished < old.Finished || k.ServiceSeconds < old.ServiceSeconds || k.Gone < old.Gone
}

// misses reports whether submissions disappeared since the reading before: the submissions of then
// and the arrivals since must wait or run now, or be counted as finished or gone. Four submissions
// and a tenth of the total are tolerated, because the numbers are not read at one instant.
func (r reading) misses(before reading) bool {
	if before.time.IsZero() || before.partial || !r.counters.Known || !before.counters.Known {
		return false
	}
	arrived := r.counters.Arrived - before.counters.Arrived
	left := r.counters.Finished - before.counters.Finished + r.counters.Gone - before.counters.Gone
	expected := before.inSystem() + arrived - left
	return expected-r.inSystem() > 4+(before.inSystem()+arrived)/10
}

// round returns the absolute value of d in whole seconds.
func round(d time.Duration) time.Duration {
	if d == math.MinInt64 {
		d++
	}
	return max(d, -d).Round(time.Second)
}
