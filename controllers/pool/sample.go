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
	// scalingInterval is how often the replicas of a pool are asked that scales itself, plainInterval those of others, whose
	// numbers are only shown.
	scalingInterval = time.Second
	plainInterval   = 5 * time.Second
	// firstPatience is how long a new pool's replicas may take to answer for the first time before status is told without
	// them; lastPatience how long those of a pool that is about to lose some may take to say which are idle.
	firstPatience = sampling.Timeout + 500*time.Millisecond
	lastPatience  = 500 * time.Millisecond
)

// Sources are the clients for scaling.source.
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

// followed is what the poller is to ask of a pool.
func (r *Reconciler) followed(pool *v1alpha1.ExecutorPool, all []corev1.Pod) sampling.Pool {
	followed := sampling.Pool{Interval: plainInterval}
	if pool.Spec.Scaling.MaxReplicas > 0 {
		followed.Interval, followed.Alert, followed.Source = scalingInterval, true, r.Sources.of(pool)
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
		followed.Targets = append(followed.Targets, sampling.Target{Name: pod.Name, UID: pod.UID, IP: pod.Status.PodIP, Ready: ready})
	}
	return followed
}

// refresh has all of a pool's pods asked now.
func (r *Reconciler) refresh(ctx context.Context, pool types.NamespacedName, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.Poller.Refresh(ctx, pool)
}

// read takes what the pool's pods said last.
func (r *Reconciler) read(pool types.NamespacedName, in *observed) {
	reading, answers := r.Poller.Read(pool)
	r.scaler.Read(pool, reading)
	in.numbers, in.silent = scaling.NumbersOf(reading), reading.Sample.Answered < reading.Sample.Asked
	in.reports = make(map[string]status.ReplicaState, len(answers))
	for name, answer := range answers {
		state := status.ReplicaState{
			Answered:       answer.Err == nil,
			Slots:          int32(answer.State.Slots),
			Busy:           int32(answer.State.Busy),
			Queued:         int32(answer.State.Queued),
			Tier:           v1alpha1.Tier(answer.State.Tier),
			NotReadyReason: answer.Refusal,
		}
		switch {
		case errors.Is(answer.Err, sampling.ErrImpossible):
			state.Distrust = status.Impossible
		case errors.Is(answer.Err, sampling.ErrFrozen):
			state.Distrust = status.Frozen
		}
		in.reports[name] = state
	}
}
