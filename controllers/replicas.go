package controllers

import (
	"fmt"

	"executorpool.dev/api/v1alpha1"
)

// desiredReplicas is how many replicas the pool is to have and why, in words that fit behind a colon. It is the one place
// where that is decided, and it never writes spec.replicas, so admins and GitOps tools are not fought.
func desiredReplicas(spec v1alpha1.ExecutorPoolSpec) (int32, string) {
	if spec.Replicas == nil {
		return 1, "spec.replicas is not set and defaults to 1"
	}
	return *spec.Replicas, fmt.Sprintf("spec.replicas is %d", *spec.Replicas)
}
