package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/contest"
)

// contestPool is the cache's index of contests by the pool they are of.
const contestPool = "spec.poolName"

func poolNameOf(o client.Object) []string { return []string{o.(*v1alpha1.Contest).Spec.PoolName} }

// contestsOf lists a pool's contests from the cache, by name.
func contestsOf(ctx context.Context, reader client.Reader, pool types.NamespacedName) ([]v1alpha1.Contest, error) {
	var list v1alpha1.ContestList
	if err := reader.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingFields{contestPool: pool.Name}); err != nil {
		return nil, fmt.Errorf("list contests of pool %s: %w", pool, err)
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.Contest) int { return cmp.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// schedule is what a pool's contests ask of it.
type schedule []calendar.Contest

func scheduleOf(contests []v1alpha1.Contest) schedule {
	var all schedule
	for i := range contests {
		if contests[i].DeletionTimestamp == nil {
			all = append(all, contest.Entry(&contests[i]))
		}
	}
	return all
}

// raise lifts the replicas to what the contests hold together, and says so in words that fit behind a colon.
func (s schedule) raise(replicas int32, reason string, now time.Time) (int32, string) {
	held, by := calendar.Floor(s, now)
	switch {
	case held <= int(replicas):
		return replicas, reason
	case len(by) == 1:
		return int32(held), fmt.Sprintf("contest %s holds %d", by[0], held)
	}
	return int32(held), fmt.Sprintf("contests %s and %s hold %d", strings.Join(by[:len(by)-1], ", "), by[len(by)-1], held)
}

// running says whether a contest is between its start and its end.
func (s schedule) running(now time.Time) bool {
	return slices.ContainsFunc(s, func(c calendar.Contest) bool { return c.Phase(now) == calendar.Running })
}

// pulls says whether the pool's image is to be brought to the nodes.
func (s schedule) pulls(now time.Time) bool { return calendar.Pulling(s, now) }

// places is for how many replicas more than there are places are to be held on nodes.
func (s schedule) places(now time.Time, replicas int32) int32 {
	return max(0, int32(calendar.Reserved(s, now))-replicas)
}

// next is what a pool's status tells of the contest that starts next.
func (s schedule) next(now time.Time) *v1alpha1.NextContest {
	c := calendar.Upcoming(s, now)
	if c == nil {
		return nil
	}
	return &v1alpha1.NextContest{Name: c.Name, StartTime: metav1.NewTime(c.Start), Replicas: int32(c.Replicas)}
}

// change is how long until what the contests ask for may change; the given time when that is sooner.
func (s schedule) change(now time.Time, wait time.Duration) time.Duration {
	if at, ok := calendar.Next(s, now); ok {
		wait = min(wait, at.Sub(now))
	}
	if at, ok := calendar.NextPull(s, now); ok {
		wait = min(wait, at.Sub(now))
	}
	return wait
}
