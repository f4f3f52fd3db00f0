package status

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// fault is one thing that keeps the pool from being ready.
type fault struct {
	reason  string
	message string
	// stalls says that it does not pass by itself.
	stalls bool
	// recheck is when it will have lasted long enough to stall, or to be a fault at all; 0 when time changes nothing.
	recheck time.Duration
}

// gravity orders faults: the first that any pod has is the one reported.
var gravity = []string{
	v1alpha1.ReasonImagePull,
	v1alpha1.ReasonNotStarting,
	v1alpha1.ReasonCrashLoop,
	v1alpha1.ReasonPodCreation,
	v1alpha1.ReasonUnschedulable,
	v1alpha1.ReasonTierTooLow,
	v1alpha1.ReasonNotServing,
}

// findFault names the one fault to report, or nil.
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
	if f := creationFault(in.Deployment); f != nil {
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return nil
	}
	return slices.MinFunc(faults, func(a, b *fault) int {
		return cmp.Compare(slices.Index(gravity, a.reason), slices.Index(gravity, b.reason))
	})
}

// creationFault is the Deployment's word that its pods are refused by the API server.
func creationFault(deployment *appsv1.Deployment) *fault {
	if deployment == nil {
		return nil
	}
	for _, c := range deployment.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return &fault{
				reason: v1alpha1.ReasonPodCreation,
				message: sentence("The API server refuses to create pods: "+Quote(c.Message),
					"Raise the quota or change what the message names; `kubectl describe resourcequota,limitrange -n "+
						deployment.Namespace+"` shows what the namespace allows"),
				stalls: true,
			}
		}
	}
	return nil
}
