package status

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// fault is one cause that keeps the pool from being ready.
type fault struct {
	reason  string
	message string
	// stalls reports whether the fault needs an action of a person.
	stalls bool
	// recheck is the time until the fault stalls; 0 when time changes nothing.
	recheck time.Duration
}

// severity orders reasons of faults. Conditions report the first that any pod has.
var severity = []string{
	v1alpha1.ReasonImagePull,
	v1alpha1.ReasonNotStarting,
	v1alpha1.ReasonCrashLoop,
	v1alpha1.ReasonPodCreation,
	v1alpha1.ReasonUnschedulable,
	v1alpha1.ReasonTierTooLow,
	v1alpha1.ReasonNotServing,
}

// findFault returns the fault that conditions report; nil when there is none.
func findFault(in Input) *fault {
	if in.Obstacle != nil {
		return &fault{reason: in.Obstacle.Reason, message: in.Obstacle.Message, stalls: true}
	}
	var faults []*fault
	pods := slices.SortedFunc(slices.Values(in.Pods), func(a, b corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for i := range pods {
		if f := podFault(in, &pods[i]); f != nil {
			faults = append(faults, f)
		}
	}
	if f := podCreationFault(in.Deployment); f != nil {
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return nil
	}
	return slices.MinFunc(faults, func(a, b *fault) int {
		return cmp.Compare(slices.Index(severity, a.reason), slices.Index(severity, b.reason))
	})
}

// podCreationFault returns the fault that the API server refuses the Deployment's pods; nil when it
// does not.
func podCreationFault(deployment *appsv1.Deployment) *fault {
	if deployment == nil {
		return nil
	}
	for _, c := range deployment.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return &fault{
				reason: v1alpha1.ReasonPodCreation,
				message: sentence("The API server refuses to create pods: "+Quote(c.Message),
					"Raise the quota or change the field that the message names; `kubectl describe resourcequota,limitrange -n "+
						deployment.Namespace+"` shows what the namespace allows"),
				stalls: true,
			}
		}
	}
	return nil
}
