package contest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

// Schedule holds the contests of one pool.
type Schedule []calendar.Contest

// ScheduleOf returns the schedule of the contests that are not being deleted.
func ScheduleOf(contests []v1alpha1.Contest) Schedule {
	var all Schedule
	for i := range contests {
		if contests[i].DeletionTimestamp == nil {
			all = append(all, Entry(&contests[i]))
		}
	}
	return all
}

// Raise returns the higher one of replicas and the floor of the contests, and the reason for it as
// a clause.
func (s Schedule) Raise(replicas int32, reason string, now time.Time) (int32, string) {
	held, by := calendar.Floor(s, now)
	switch {
	case held <= int(replicas):
		return replicas, reason
	case len(by) == 1:
		return int32(held), fmt.Sprintf("contest %s holds %d", by[0], held)
	}
	return int32(held), fmt.Sprintf("contests %s and %s hold %d", strings.Join(by[:len(by)-1], ", "), by[len(by)-1], held)
}

// Running reports whether a contest is between its start and its end.
func (s Schedule) Running(now time.Time) bool {
	return slices.ContainsFunc(s, func(c calendar.Contest) bool { return c.Phase(now) == calendar.Running })
}

// Pulls reports whether the nodes should pull the pool's image.
func (s Schedule) Pulls(now time.Time) bool { return calendar.Pulling(s, now) }

// Places returns the number of placeholders: the reserved replicas above the given number of
// replicas.
func (s Schedule) Places(now time.Time, replicas int32) int32 {
	return max(0, int32(calendar.ReservedReplicas(s, now))-replicas)
}

// Next returns the contest that starts next in the form of the pool's status; nil when there is
// none.
func (s Schedule) Next(now time.Time) *v1alpha1.NextContest {
	c := calendar.Upcoming(s, now)
	if c == nil {
		return nil
	}
	return &v1alpha1.NextContest{Name: c.Name, StartTime: metav1.NewTime(c.Start), Replicas: int32(c.Replicas)}
}

// Change returns the time until the floor, a pull or the placeholders may change; wait when that is
// sooner.
func (s Schedule) Change(now time.Time, wait time.Duration) time.Duration {
	if at, ok := calendar.Next(s, now); ok {
		wait = min(wait, at.Sub(now))
	}
	if at, ok := calendar.NextPull(s, now); ok {
		wait = min(wait, at.Sub(now))
	}
	return wait
}
