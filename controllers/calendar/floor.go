package calendar

import "time"

// Floor is how many replicas a pool's contests hold now, and the names of those that do, in the order given.
func Floor(contests []Contest, now time.Time) (replicas int, by []string) {
	for _, c := range contests {
		if c.Phase(now).Holds() {
			replicas += c.Replicas
			by = append(by, c.Name)
		}
	}
	return replicas, by
}

// instant is the least time can differ by: who looks just after a release must see it.
const instant = time.Nanosecond

// Next is the first moment after now at which a contest is in another phase; ok is false when none ever will be.
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

// changes are the moments at which the contest's phase changes.
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

// Peak is the most replicas that are held at one time from now on, while a contest is held or ahead; what a pool must be
// able to have.
func Peak(contests []Contest, now time.Time) int {
	peak, _ := Floor(contests, now)
	for at, ok := Next(contests, now); ok; at, ok = Next(contests, at) {
		replicas, _ := Floor(contests, at)
		peak = max(peak, replicas)
	}
	return peak
}

// Beside is the most replicas that others hold at one time while c holds its own, from now on.
func Beside(c Contest, others []Contest, now time.Time) int {
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

// Upcoming is the contest that starts next and is not over; nil when there is none.
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
