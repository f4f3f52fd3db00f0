package calendar

import "time"

// PullTime returns the instant at which the nodes begin to pull the image for the contest.
func (c Contest) PullTime() time.Time { return c.WarmUpTime().Add(-c.Pull) }

// Pulling reports whether the image should be pulled before a contest: over [warm-up - pull,
// warm-up). From the warm-up on the replicas pull the image themselves, and the pulling pods could
// use the quota that the last replica needs.
func Pulling(contests []Contest, now time.Time) bool {
	for _, c := range contests {
		if c.Phase(now) == BeforeWarmUp && !now.Before(c.PullTime()) && c.Pull > 0 {
			return true
		}
	}
	return false
}

// placeholderRelease is the time before the warm-up at which the placeholders are deleted, so that
// no quota counts them when the replicas are created. The time is too short for a cluster
// autoscaler to remove the nodes that the placeholders leave.
const placeholderRelease = 10 * time.Second

// ReservedReplicas returns the number of replicas for which nodes should have places: the floor at
// the warm-up of a contest whose image is being pulled. It returns 0 when there is no such contest.
func ReservedReplicas(contests []Contest, now time.Time) int {
	most := 0
	for _, c := range contests {
		if Pulling([]Contest{c}, now) && now.Before(c.WarmUpTime().Add(-placeholderRelease)) {
			held, _ := Floor(contests, c.WarmUpTime())
			most = max(most, held)
		}
	}
	return most
}

// NextPull returns the first instant after now at which the pull of an image begins or placeholders
// are deleted. ok is false when there is none. The end of a pull is a change of phase, see Next.
func NextPull(contests []Contest, now time.Time) (at time.Time, ok bool) {
	for _, c := range contests {
		if c.State == Cancelled || c.Pull <= 0 {
			continue
		}
		for _, change := range []time.Time{c.PullTime(), c.WarmUpTime().Add(-placeholderRelease)} {
			if change.After(now) && (!ok || change.Before(at)) {
				at, ok = change, true
			}
		}
	}
	return at, ok
}
