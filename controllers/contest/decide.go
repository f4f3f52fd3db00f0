package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/status"
)

// Decide returns the status of the contest at in.Now, the events for the difference, and the time
// of the next check.
func Decide(in Input) Decision {
	before := in.Contest.Status
	next := *before.DeepCopy()
	planned := in.Contest.DeepCopy()
	if Planning(in.Contest, in.Now) {
		plan(&next, in)
	}
	planned.Status = next
	entry := Entry(planned)
	next.ObservedGeneration = in.Contest.Generation
	next.WarmUpTime = metav1.NewTime(entry.WarmUpTime())
	next.ReleaseTime = metav1.Time{}
	if release, ok := entry.ReleaseTime(); ok {
		next.ReleaseTime = metav1.NewTime(release)
	}

	floor, _ := calendar.Floor(append([]calendar.Contest{entry}, in.Others...), in.Now)
	for _, c := range []metav1.Condition{holdingCondition(next, entry, in), prewarmedCondition(next, entry, floor, in)} {
		c.ObservedGeneration = in.Contest.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		meta.SetStatusCondition(&next.Conditions, status.Written(c))
	}
	planned.Status = next
	return Decision{
		Status:  next,
		Events:  events(before, next),
		Recheck: recheck(planned, entry, in.Now),
		Expired: expired(in.Contest, entry, in.Now),
	}
}

// holdingCondition returns the condition Holding, whose reason is the phase of the contest.
func holdingCondition(next v1alpha1.ContestStatus, entry calendar.Contest, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionHolding, Status: metav1.ConditionTrue}
	held := fmt.Sprintf("%s of pool %s are held", replicas(next.Replicas), in.Contest.Spec.PoolName)
	switch entry.Phase(in.Now) {
	case calendar.BeforeWarmUp:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonScheduled, "The warm-up begins at status.warmUpTime."
	case calendar.WarmingUp:
		c.Reason, c.Message = v1alpha1.ReasonWarmingUp, held+" until the start."
	case calendar.Running:
		c.Reason, c.Message = v1alpha1.ReasonRunning, held+" while the contest runs."
	case calendar.OnHold:
		c.Reason, c.Message = v1alpha1.ReasonPaused, held+" until spec.state is Scheduled or Cancelled."
	case calendar.CoolingDown:
		c.Reason, c.Message = v1alpha1.ReasonCoolingDown, held+" until status.releaseTime; the contest is over."
	case calendar.Finished:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonFinished, "The contest is over and holds no replicas."
	case calendar.Dropped:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonCancelled, "The contest is cancelled and holds no replicas."
	}
	return c
}

// preflightInterval is the time between two checks of the replicas until the preflight succeeds.
const preflightInterval = 5 * time.Second

// pullInterval is the time between two checks for faults of the pods that pull the image. Their
// progress arrives as a watch event.
const pullInterval = 15 * time.Second

// headroomInterval is the time between two checks of quotas and nodes that are too small. No
// watch reports changes of them.
const headroomInterval = time.Minute

// planInterval is the time after which a future contest is planned again with the pool's newer
// measurements.
const planInterval = 10 * time.Minute

// recheck returns the time until the phase changes, the alarm is due, a periodic check is due, or
// the Contest expires. It returns 0 when none of these will happen.
func recheck(c *v1alpha1.Contest, entry calendar.Contest, now time.Time) time.Duration {
	if entry.Phase(now).Over() {
		at, ok := expiry(c, entry)
		if !ok {
			return 0
		}
		// 0 would mean never.
		return max(time.Millisecond, at.Sub(now)+time.Millisecond)
	}
	wait := planInterval
	if InPreflight(c, now) && !meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionPrewarmed) {
		wait = preflightInterval
	}
	if lacksHeadroom(c) {
		wait = min(wait, headroomInterval)
	}
	alone := []calendar.Contest{entry}
	if calendar.Pulling(alone, now) {
		wait = pullInterval
	}
	if next, ok := calendar.Next(alone, now); ok {
		wait = min(wait, next.Sub(now))
	}
	if pull, ok := calendar.NextPull(alone, now); ok {
		wait = min(wait, pull.Sub(now))
	}
	if call := alarmTime(entry); call.After(now) {
		wait = min(wait, call.Sub(now))
	}
	return wait
}

func lacksHeadroom(c *v1alpha1.Contest) bool {
	is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed)
	return is != nil && (is.Reason == v1alpha1.ReasonExceedsNodes || is.Reason == v1alpha1.ReasonExceedsQuota)
}

// expiry returns the instant at which the Contest should be deleted. The TTL counts from the
// release. For a contest that was declared after its release the TTL counts from the declaration,
// so that a GitOps tool that applies the contest again does not see it disappear at once.
func expiry(c *v1alpha1.Contest, entry calendar.Contest) (at time.Time, ok bool) {
	if c.Spec.TTLSecondsAfterFinished == nil {
		return time.Time{}, false
	}
	since := entry.End().Add(entry.CoolDown)
	if c.CreationTimestamp.After(since) {
		since = c.CreationTimestamp.Time
	}
	return since.Add(seconds(*c.Spec.TTLSecondsAfterFinished)), true
}

func expired(c *v1alpha1.Contest, entry calendar.Contest, now time.Time) bool {
	at, ok := expiry(c, entry)
	return ok && entry.Phase(now).Over() && now.After(at)
}

// events returns the events for the difference of two statuses.
func events(before, next v1alpha1.ContestStatus) []Event {
	var all []Event
	was := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionHolding)
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionHolding)
	if was == nil || was.Reason != is.Reason {
		note := is.Message
		if is.Reason == v1alpha1.ReasonScheduled && next.Sizing != "" {
			note = next.Sizing + "."
		}
		all = append(all, Event{Reason: is.Reason, Note: note})
	}
	was = meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionPrewarmed)
	is = meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionPrewarmed)
	if (was == nil || was.Status != is.Status || was.Reason != is.Reason) && is.Status != metav1.ConditionUnknown {
		reason := is.Reason
		if is.Status == metav1.ConditionTrue {
			reason = v1alpha1.ConditionPrewarmed
		}
		all = append(all, Event{Warning: is.Status == metav1.ConditionFalse, Reason: reason, Note: is.Message})
	}
	return all
}

func replicas(n int32) string {
	return plural(n, "replica")
}

func plural(n int32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
