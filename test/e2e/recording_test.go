package e2e

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// recording polls the replicas of a Deployment and records each change. Unlike a watch, it
// continues after an outage of the API server.
type recording struct {
	mu    sync.Mutex
	steps []step
}

func recordReplicas(t *testing.T, ns, name string) *recording {
	r := &recording{}
	look := func() {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var d appsv1.Deployment
		if k8s.Get(ctx, client.ObjectKey{Namespace: ns, Name: name}, &d) != nil {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if n := len(r.steps); n == 0 || r.steps[n-1].replicas != *d.Spec.Replicas {
			r.steps = append(r.steps, step{*d.Spec.Replicas, time.Now()})
		}
	}
	look()
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for t.Context().Err() == nil {
			<-tick.C
			look()
		}
	}()
	return r
}

func (r *recording) all() []step {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.steps)
}
