package contest

import (
	"time"

	"k8s.io/utils/ptr"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/nodes"
)

// Input is all that a decision rests on.
type Input struct {
	// Contest as it was read; its status is the one before.
	Contest *v1alpha1.Contest
	// Pool is the contest's; nil when there is none of that name.
	Pool *v1alpha1.ExecutorPool
	// Others are the pool's other contests, as Entry gives them.
	Others []calendar.Contest
	Now    time.Time
	// Past, Room and Nodes are wanted where Planning says so. A Room that is nil bounds nothing, and neither do nodes that
	// are nil: nobody could look at them.
	Past  Past
	Room  *Room
	Nodes *nodes.Room
	// Pull is how far the image is pulled ahead of the warm-up; nil while it is not.
	Pull *Pull
	// Replicas are the pool's ready pods by name, where InPreflight asks for them.
	Replicas []Replica
}

// Replica is what is known of a ready pod.
type Replica struct {
	Name string
	// InService says that the pool's Service leads to it.
	InService bool
	// Right says that it answered the canary rightly in each language; Fault why it does not, in words that stand behind a
	// colon. Neither means that nothing is known yet.
	Right bool
	Fault string
}

// Past is what the pool's present pods tell of themselves.
type Past struct {
	// Starts are how long they took from being created to being ready.
	Starts []time.Duration
	// Finished are the submissions they are done with, and Served how long those held their slots, all together.
	Finished int64
	Served   time.Duration
}

// Decision is what follows.
type Decision struct {
	Status v1alpha1.ContestStatus
	Events []Event
	// Recheck is until when nothing changes by time alone; 0 when nothing ever will.
	Recheck time.Duration
	// Expired says that the Contest has been kept for as long as its spec asks.
	Expired bool
}

// Sooner has the contest looked at again by then; 0 asks for nothing.
func (d *Decision) Sooner(wait time.Duration) {
	if wait > 0 && (d.Recheck == 0 || wait < d.Recheck) {
		d.Recheck = wait
	}
}

// Event is a change worth telling about.
type Event struct {
	Warning bool
	// Reason is a CamelCase word, Note a sentence.
	Reason, Note string
}

// Entry is the contest as the calendar takes it: by its spec's times and the plan in its status. A contest whose plan was
// not made yet holds no replicas.
func Entry(c *v1alpha1.Contest) calendar.Contest {
	entry := calendar.Contest{
		Name:     c.Name,
		Start:    c.Spec.StartTime.Time,
		Duration: seconds(c.Spec.DurationSeconds),
		WarmUp:   seconds(c.Status.WarmUpSeconds),
		CoolDown: seconds(ptr.Deref(c.Spec.CoolDownSeconds, 0)),
		Pull:     seconds(ptr.Deref(c.Spec.ImagePullSeconds, 0)),
		Replicas: int(c.Status.Replicas),
	}
	switch c.Spec.State {
	case v1alpha1.ContestPaused:
		entry.State = calendar.Paused
	case v1alpha1.ContestCancelled:
		entry.State = calendar.Cancelled
	}
	return entry
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }
