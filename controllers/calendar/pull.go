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

// clearance is how long before the warm-up the places held for its replicas are given up, so that what held them is gone, and
// no longer counted by any quota, when the replicas come. No autoscaler takes a node away as fast.
const clearance = 10 * time.Second

// Reserved is for how many replicas places are to be held on nodes: as many as the pool has at the warm-up of a contest whose
// image is being pulled. 0 when there is none.
func Reserved(contests []Contest, now time.Time) int {
	most := 0
	for _, c := range contests {
		if Pulling([]Contest{c}, now) && now.Before(c.WarmUpTime().Add(-clearance)) {
			held, _ := Floor(contests, c.WarmUpTime())
			most = max(most, held)
		}
	}
	return most
}

// NextPull is the first moment after now at which a contest's image begins to be pulled, or places are given up; ok is false
// when there is none. When the pull ends is a change of phase, see Next.
func NextPull(contests []Contest, now time.Time) (at time.Time, ok bool) {
	for _, c := range contests {
		if c.State == Cancelled || c.Pull <= 0 {
			continue
		}
		for _, change := range []time.Time{c.PullTime(), c.WarmUpTime().Add(-clearance)} {
			if change.After(now) && (!ok || change.Before(at)) {
				at, ok = change, true
			}
		}
	}
	return at, ok
}
