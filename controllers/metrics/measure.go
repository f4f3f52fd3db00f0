package metrics

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/pods"
)

// PodStarts measures executorpool_pod_start_seconds. It is safe for concurrent use. The zero value
// has measured no pod.
type PodStarts struct {
	mu    sync.Mutex
	pools map[types.NamespacedName]*pods.StartTimes
}

// Observe measures the pods of a pool that became ready since the last call.
func (p *PodStarts) Observe(pool types.NamespacedName, all []corev1.Pod) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pools == nil {
		p.pools = map[types.NamespacedName]*pods.StartTimes{}
	}
	starts := p.pools[pool]
	if starts == nil {
		starts = &pods.StartTimes{}
		p.pools[pool] = starts
	}
	for _, took := range starts.Of(all) {
		podStartSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(took.Seconds())
	}
}

// Forget drops the state of a pool.
func (p *PodStarts) Forget(pool types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pools, pool)
}

// Reactions measures executorpool_scale_up_reaction_seconds. It is safe for concurrent use. The
// zero value has measured no queue.
type Reactions struct {
	mu    sync.Mutex
	pools map[types.NamespacedName]time.Time
}

// Observe measures a write of more replicas at now. pressed is when the queue was first seen; zero
// without a queue. Each queue is measured once.
func (r *Reactions) Observe(pool types.NamespacedName, pressed, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if pressed.IsZero() || pressed.Equal(r.pools[pool]) {
		return
	}
	if r.pools == nil {
		r.pools = map[types.NamespacedName]time.Time{}
	}
	r.pools[pool] = pressed
	reactionSeconds.WithLabelValues(pool.Namespace, pool.Name).Observe(now.Sub(pressed).Seconds())
}

// Forget drops the state of a pool.
func (r *Reactions) Forget(pool types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pools, pool)
}
