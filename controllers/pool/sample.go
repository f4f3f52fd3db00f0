package pool

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/scaling"
	"executorpool.dev/controllers/status"
)

const (
	// scalingInterval is the time between two samples of a pool with autoscaling, displayInterval
	// that of other pools, whose counters are only shown.
	scalingInterval = time.Second
	displayInterval = 5 * time.Second
	// firstSampleTimeout is the longest wait for the first sample of a new pool, before its status
	// is written without one. scaleDownSampleTimeout is the longest wait for the sample before a
	// scale-down.
	firstSampleTimeout     = sampling.Timeout + 500*time.Millisecond
	scaleDownSampleTimeout = 500 * time.Millisecond
)

// Sources holds the clients for scaling.source.
type Sources struct {
	Prometheus *sampling.Prometheus
	External   *sampling.External
}

func (s Sources) of(pool *v1alpha1.ExecutorPool) sampling.Source {
	switch source := pool.Spec.Scaling.Source; {
	case source.Type == v1alpha1.SourcePrometheus && source.Prometheus != nil:
		return s.Prometheus.Query(source.Prometheus.Address, source.Prometheus.Query)
	case source.Type == v1alpha1.SourceExternal && source.External != nil:
		return s.External.Metric(pool.Namespace, source.External.Metric, source.External.Selector)
	}
	return nil
}

// pollTargets returns the pods and the source that the poller should ask for a pool.
func (r *Reconciler) pollTargets(pool *v1alpha1.ExecutorPool, all []corev1.Pod) sampling.Pool {
	pollTargets := sampling.Pool{Interval: displayInterval}
	if pool.Spec.Scaling.MaxReplicas > 0 {
		pollTargets.Interval, pollTargets.Alert, pollTargets.Source = scalingInterval, true, r.Sources.of(pool)
	}
	for i := range all {
		pod := &all[i]
		if pod.DeletionTimestamp != nil || pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP == "" {
			continue
		}
		ready := pods.Ready(pod)
		if !ready && !pods.Started(pod) {
			continue
		}
		pollTargets.Targets = append(pollTargets.Targets, sampling.Target{Name: pod.Name, UID: pod.UID, IP: pod.Status.PodIP, Ready: ready})
	}
	return pollTargets
}

// refresh asks all pods of a pool now.
func (r *Reconciler) refresh(ctx context.Context, pool types.NamespacedName, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.Poller.Refresh(ctx, pool)
}

// readStates reads the last sample of the pool's replicas.
func (r *Reconciler) readStates(pool types.NamespacedName, in *observed) {
	reading, answers := r.Poller.Read(pool)
	r.decider.Read(pool, reading)
	in.counters, in.incomplete = scaling.CountersOf(reading), reading.Sample.Answered < reading.Sample.Asked
	in.states = make(map[string]status.ReplicaState, len(answers))
	for name, answer := range answers {
		state := status.ReplicaState{
			Answered:       answer.Err == nil,
			Slots:          int32(answer.State.Slots),
			Busy:           int32(answer.State.Busy),
			Queued:         int32(answer.State.Queued),
			Tier:           status.TierOf(answer.State.Tier),
			NotReadyReason: answer.NotReadyReason,
		}
		switch {
		case errors.Is(answer.Err, sampling.ErrImpossible):
			state.Distrust = status.Impossible
		case errors.Is(answer.Err, sampling.ErrFrozen):
			state.Distrust = status.Frozen
		}
		in.states[name] = state
	}
}
