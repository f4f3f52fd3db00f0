package calendar

import "time"

// Floor returns the number of replicas that the contests hold at now, and the names of those that
// hold any, in the order of contests.
func Floor(contests []Contest, now time.Time) (replicas int, by []string) {
	for _, c := range contests {
		if c.Phase(now).Holds() {
			replicas += c.Replicas
			by = append(by, c.Name)
		}
	}
	return replicas, by
}

// instant is the smallest difference of two times. The phase after a release begins one instant
// later.
const instant = time.Nanosecond

// Next returns the first instant after now at which the phase of a contest changes. ok is false
// when there is none.
func Next(contests []Contest, now time.Time) (at time.Time, ok bool) {
	for _, c := range contests {
		for _, change := range c.changes() {
			if change.After(now) && (!ok || change.Before(at)) {
				at, ok = change, true
			}
		}
	}
	return at, ok
}

// changes returns the instants at which the phase of the contest changes.
func (c Contest) changes() []time.Time {
	switch c.State {
	case Cancelled:
		return nil
	case Paused:
		return []time.Time{c.WarmUpTime()}
	}
	release, _ := c.ReleaseTime()
	return []time.Time{c.WarmUpTime(), c.Start, c.End().Add(instant), release.Add(instant)}
}

// Peak returns the highest floor from now on. It is the number of replicas that the pool must be
// able to have.
func Peak(contests []Contest, now time.Time) int {
	peak, _ := Floor(contests, now)
	for at, ok := Next(contests, now); ok; at, ok = Next(contests, at) {
		replicas, _ := Floor(contests, at)
		peak = max(peak, replicas)
	}
	return peak
}

// HeldByOthers returns the highest floor of the other contests, from now on, while c holds its
// replicas.
func HeldByOthers(c Contest, others []Contest, now time.Time) int {
	at, most := c.WarmUpTime(), 0
	if now.After(at) {
		at = now
	}
	release, ends := c.ReleaseTime()
	for ok := true; ok && (!ends || !at.After(release)); at, ok = Next(others, at) {
		held, _ := Floor(others, at)
		most = max(most, held)
	}
	return most
}

// Upcoming returns the contest that starts next and is not over; nil when there is none.
func Upcoming(contests []Contest, now time.Time) *Contest {
	var next *Contest
	for i := range contests {
		c := &contests[i]
		if c.Phase(now).Over() || !c.Start.After(now) {
			continue
		}
		if next == nil || c.Start.Before(next.Start) {
			next = c
		}
	}
	return next
}
