package calendar

import "time"

// PullTime is when the image begins to be pulled for the contest.
func (c Contest) PullTime() time.Time { return c.WarmUpTime().Add(-c.Pull) }

// Pulling says whether the image is to be pulled ahead of a contest: over [warm-up - pull, warm-up). From the warm-up on the
// replicas pull what they lack themselves, and pods that only hold an image could be what a quota refuses the last replica for.
func Pulling(contests []Contest, now time.Time) bool {
	for _, c := range contests {
		if c.Phase(now) == Ahead && !now.Before(c.PullTime()) && c.Pull > 0 {
			return true
		}
	}
	return false
}

// NextPull is the first moment after now at which a contest's image begins to be pulled; ok is false when there is none. When
// that ends is a change of phase, see Next.
func NextPull(contests []Contest, now time.Time) (at time.Time, ok bool) {
	for _, c := range contests {
		if begin := c.PullTime(); c.State != Cancelled && c.Pull > 0 && begin.After(now) && (!ok || begin.Before(at)) {
			at, ok = begin, true
		}
	}
	return at, ok
}
