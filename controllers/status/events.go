package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// maxNote is what the events API takes, in bytes.
const maxNote = 1024

// events tells what changed between two statuses. It compares nothing else, so a change is told once: the reconciler
// records events only after the status that holds the change was written.
func events(in Input, before, next v1alpha1.ExecutorPoolStatus) []Event {
	var told []Event
	if s := next.LastScale; s != nil && (before.LastScale == nil || *before.LastScale != *s) {
		reason := "ScaledUp"
		if s.To < s.From {
			reason = "ScaledDown"
		}
		told = append(told, Event{Reason: reason, Action: "Scale", Note: fmt.Sprintf("Scaled from %d to %d replicas: %s.", s.From, s.To, s.Reason)})
	}
	was, is := rollingOut(before), rollingOut(next)
	switch {
	case !was && is:
		told = append(told, Event{Reason: "RolloutStarted", Action: "Rollout", Note: "Pods are being replaced because what reaches them changed; image " + in.Image + "."})
	case was && !is && in.Obstacle == nil:
		told = append(told, Event{Reason: "RolloutCompleted", Action: "Rollout", Note: "All pods run the present spec."})
	}
	stalledBefore := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionStalled)
	stalledNow := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionStalled)
	switch {
	case isTrue(stalledNow) && (!isTrue(stalledBefore) || stalledBefore.Reason != stalledNow.Reason):
		told = append(told, Event{Warning: true, Reason: stalledNow.Reason, Action: "Reconcile", Note: Bounded(stalledNow.Message)})
	case isTrue(stalledBefore) && !isTrue(stalledNow):
		told = append(told, Event{Reason: "Recovered", Action: "Reconcile", Note: "The cause " + stalledBefore.Reason + " is gone."})
	}
	readyBefore := meta.FindStatusCondition(before.Conditions, v1alpha1.ConditionReady)
	readyNow := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReady)
	if isTrue(readyNow) && !isTrue(readyBefore) {
		told = append(told, Event{Reason: "Ready", Action: "Reconcile", Note: readyNow.Message})
	}
	return told
}

func rollingOut(s v1alpha1.ExecutorPoolStatus) bool {
	c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReconciling)
	return isTrue(c) && c.Reason == v1alpha1.ReasonRollingOut
}

func isTrue(c *metav1.Condition) bool {
	return c != nil && c.Status == metav1.ConditionTrue
}

// Bounded cuts a note to what an event takes.
func Bounded(note string) string {
	if len(note) <= maxNote {
		return note
	}
	return strings.ToValidUTF8(note[:maxNote-3], "") + "..."
}
