package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// maxNote is the maximum length of an event's note, in bytes, from the events API.
const maxNote = 1024

// events returns the events for the difference of two statuses. It uses nothing else, so each
// change has one event: the reconciler records events only after it wrote the status that holds the
// change.
func events(in Input, before, next v1alpha1.ExecutorPoolStatus) []Event {
	var all []Event
	if s := next.LastScale; s != nil && (before.LastScale == nil || *before.LastScale != *s) {
		reason := "ScaledUp"
		if s.To < s.From {
			reason = "ScaledDown"
		}
		all = append(all, Event{Reason: reason, Action: "Scale", Note: fmt.Sprintf("Scaled from %d to %d replicas: %s.", s.From, s.To, s.Reason)})
	}
	was, is := isRollingOut(before), isRollingOut(next)
	switch {
	case !was && is:
		all = append(all, Event{Reason: "RolloutStarted", Action: "Rollout", Note: "A rollout replaces the pods because the pod template changed; image " + Quote(in.Image) + "."})
	case was && !is && in.Obstacle == nil:
		all = append(all, Event{Reason: "RolloutCompleted", Action: "Rollout", Note: "All pods run the current spec."})
	}
	stalledBefore := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionStalled)
	stalledNow := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionStalled)
	switch {
	case isTrue(stalledNow) && (!isTrue(stalledBefore) || stalledBefore.Reason != stalledNow.Reason):
		all = append(all, Event{Warning: true, Reason: stalledNow.Reason, Action: "Reconcile", Note: stalledNow.Message})
	case isTrue(stalledBefore) && !isTrue(stalledNow):
		all = append(all, Event{Reason: "Recovered", Action: "Reconcile", Note: "The cause " + stalledBefore.Reason + " is gone."})
	}
	readyBefore := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionReady)
	readyNow := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReady)
	if isTrue(readyNow) && !isTrue(readyBefore) {
		all = append(all, Event{Reason: "Ready", Action: "Reconcile", Note: readyNow.Message})
	}
	for i := range all {
		all[i].Note = Bounded(all[i].Note)
	}
	return all
}

func isRollingOut(s v1alpha1.ExecutorPoolStatus) bool {
	c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReconciling)
	return isTrue(c) && c.Reason == v1alpha1.ReasonRollingOut
}

func isTrue(c *metav1.Condition) bool {
	return c != nil && c.Status == metav1.ConditionTrue
}

// Bounded returns a note that the API server accepts: at most maxNote bytes without unprintable
// characters.
func Bounded(note string) string {
	return bounded(note, maxNote)
}
