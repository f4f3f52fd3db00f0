package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
)

// Decide says what the contest's status is now.
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
	for _, c := range []metav1.Condition{holding(next, entry, in), prewarmed(next, entry, floor, in)} {
		c.ObservedGeneration = in.Contest.Generation
		c.LastTransitionTime = metav1.NewTime(in.Now.Truncate(time.Second))
		meta.SetStatusCondition(&next.Conditions, c)
	}
	planned.Status = next
	return Decision{
		Status:  next,
		Events:  events(before, next),
		Recheck: recheck(planned, entry, in.Now),
		Expired: expired(in.Contest, entry, in.Now),
	}
}

// holding says where the contest is.
func holding(next v1alpha1.ContestStatus, entry calendar.Contest, in Input) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionHolding, Status: metav1.ConditionTrue}
	held := fmt.Sprintf("%s of pool %s are held", replicas(next.Replicas), in.Contest.Spec.PoolName)
	switch entry.Phase(in.Now) {
	case calendar.Ahead:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonScheduled, "The pool is warmed up from status.warmUpTime on."
	case calendar.WarmingUp:
		c.Reason, c.Message = v1alpha1.ReasonWarmingUp, held+" for the start."
	case calendar.Running:
		c.Reason, c.Message = v1alpha1.ReasonRunning, held+" while the contest runs."
	case calendar.OnHold:
		c.Reason, c.Message = v1alpha1.ReasonPaused, held+" until spec.state is Scheduled or Cancelled."
	case calendar.CoolingDown:
		c.Reason, c.Message = v1alpha1.ReasonCoolingDown, held+" until status.releaseTime; the contest is over."
	case calendar.Finished:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonFinished, "The contest is over and holds nothing."
	case calendar.Dropped:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonCancelled, "The contest is cancelled and holds nothing."
	}
	return c
}

// preflightInterval is how often the replicas are looked at until they are found right.
const preflightInterval = 5 * time.Second

// pullInterval is how often pods that pull the image are looked at for what is wrong; how far they are comes as an event.
const pullInterval = 15 * time.Second

// shortInterval is how often it is looked whether there is room meanwhile: somebody may have made some, or a node that was
// missed have been restarting.
const shortInterval = time.Minute

// planInterval is how often a contest that is ahead is planned anew, with what its pool has measured since.
const planInterval = 10 * time.Minute

// recheck is when the phase changes, when it is time to call somebody, or when the Contest has been kept long enough.
func recheck(c *v1alpha1.Contest, entry calendar.Contest, now time.Time) time.Duration {
	if entry.Phase(now).Over() {
		at, ok := expiry(c, entry)
		if !ok {
			return 0
		}
		// At least a moment: 0 means never.
		return max(time.Millisecond, at.Sub(now)+time.Millisecond)
	}
	wait := planInterval
	if InPreflight(c, now) && !meta.IsStatusConditionTrue(c.Status.Conditions, v1alpha1.ConditionPrewarmed) {
		wait = preflightInterval
	}
	if lacksRoom(c) {
		wait = min(wait, shortInterval)
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
	if call := callTime(entry); call.After(now) {
		wait = min(wait, call.Sub(now))
	}
	return wait
}

func lacksRoom(c *v1alpha1.Contest) bool {
	is := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed)
	return is != nil && (is.Reason == v1alpha1.ReasonExceedsNodes || is.Reason == v1alpha1.ReasonExceedsQuota)
}

// expiry counts from the release, or from when a contest that was over by then was declared: a GitOps tool that applies it
// again finds it there.
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

// events tells what changed between two statuses, once.
func events(before, next v1alpha1.ContestStatus) []Event {
	var told []Event
	was, is := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionHolding), meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionHolding)
	if was == nil || was.Reason != is.Reason {
		note := is.Message
		if is.Reason == v1alpha1.ReasonScheduled && next.Sizing != "" {
			note = next.Sizing + "."
		}
		told = append(told, Event{Reason: is.Reason, Note: note})
	}
	was, is = meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionPrewarmed), meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionPrewarmed)
	if (was == nil || was.Status != is.Status || was.Reason != is.Reason) && is.Status != metav1.ConditionUnknown {
		reason := is.Reason
		if is.Status == metav1.ConditionTrue {
			reason = v1alpha1.ConditionPrewarmed
		}
		told = append(told, Event{Warning: is.Status == metav1.ConditionFalse, Reason: reason, Note: is.Message})
	}
	return told
}

func replicas(n int32) string {
	return count(n, "replica")
}

func count(n int32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
