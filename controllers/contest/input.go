package contest

import (
	"time"

	"k8s.io/utils/ptr"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/nodes"
)

// Input holds everything that Decide uses.
type Input struct {
	// Contest is the contest as it was read. Its status is the previous one.
	Contest *v1alpha1.Contest
	// Pool is the pool of the contest; nil when it does not exist.
	Pool *v1alpha1.ExecutorPool
	// Others are the other contests of the pool.
	Others []calendar.Contest
	Now    time.Time
	// Measured, QuotaHeadroom and NodeHeadroom are used only where Planning returns true. A nil
	// headroom is unknown and limits nothing.
	Measured      Measured
	QuotaHeadroom *QuotaHeadroom
	NodeHeadroom  *nodes.Headroom
	// Prewarm is the progress of the image pull before the warm-up; nil when no pull is under way.
	Prewarm *Prewarm
	// Replicas are the ready pods of the pool by name. They are used only where InPreflight returns
	// true.
	Replicas []Replica
}

// Replica is the state of one ready pod.
type Replica struct {
	Name string
	// InService reports whether the pod is an endpoint of the pool's Service.
	InService bool
	// Proved reports whether the pod answered the canary correctly in each language. Fault is the
	// error of the canary, as a clause without a full stop. Without either the canary has not ended
	// yet.
	Proved bool
	Fault  string
}

// Measured holds measurements of the pool's current pods.
type Measured struct {
	// PodStarts are the times from the creation of the pods to their readiness.
	PodStarts []time.Duration
	// Finished is the number of finished submissions. ServiceTime is the sum of the times for which
	// they held their slots.
	Finished    int64
	ServiceTime time.Duration
}

// Decision is the result of Decide.
type Decision struct {
	Status v1alpha1.ContestStatus
	Events []Event
	// Recheck is the time until the decision may change by time alone; 0 when it never does.
	Recheck time.Duration
	// Expired reports whether the Contest's TTL has passed.
	Expired bool
}

// Sooner shortens Recheck to at most wait. A wait of 0 changes nothing.
func (d *Decision) Sooner(wait time.Duration) {
	if wait > 0 && (d.Recheck == 0 || wait < d.Recheck) {
		d.Recheck = wait
	}
}

// Event is an event to record.
type Event struct {
	Warning bool
	// Reason is in CamelCase. Note is one or more sentences.
	Reason, Note string
}

// Entry returns the contest in the form of package calendar: the times of the spec and the plan of
// the status. A contest without a plan holds no replicas.
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
