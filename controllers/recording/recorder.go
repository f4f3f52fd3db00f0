package recording

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/report"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/executor/api"
)

const (
	// lookInterval is how often the replicas of a pool with a contest are asked what they have counted.
	lookInterval = 2 * time.Second
	// lookParallel bounds how many pods are asked at one time.
	lookParallel = 128
)

// Recorder asks the replicas of pools whose contests have begun, or are about to, what they have counted, and keeps a ledger
// of each contest. It is a manager.Runnable. A tick without such a contest costs nothing.
type Recorder struct {
	// Client reads pods through the cache.
	Client  client.Reader
	Sampler *sampling.Sampler
	Clock   clock.Clock

	mu         sync.Mutex
	recordings Recordings
	// looking are the pools that are being asked.
	looking map[types.NamespacedName]bool
}

// Record puts into a decision what is known of what the replicas did.
func (r *Recorder) Record(in contest.Input, d *contest.Decision) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recordings == nil {
		r.recordings = Recordings{}
	}
	if err := r.recordings.Record(in, d); err != nil {
		return fmt.Errorf("report on contest %s: %w", client.ObjectKeyFromObject(in.Contest), err)
	}
	return nil
}

// NeedLeaderElection keeps managers that only stand by from asking.
func (r *Recorder) NeedLeaderElection() bool { return true }

// Start looks until ctx ends.
func (r *Recorder) Start(ctx context.Context) error {
	var looks sync.WaitGroup
	defer looks.Wait()
	slots := make(chan struct{}, lookParallel)
	for {
		for _, pool := range r.due() {
			looks.Go(func() {
				look, err := r.look(ctx, pool, slots)
				r.took(pool, look, err)
			})
		}
		timer := r.Clock.NewTimer(r.wait())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// due are the pools to look at; they are then being looked at.
func (r *Recorder) due() []types.NamespacedName {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.looking == nil {
		r.looking = map[types.NamespacedName]bool{}
	}
	var pools []types.NamespacedName
	for _, pool := range r.recordings.Pools() {
		if !r.looking[pool] {
			r.looking[pool] = true
			pools = append(pools, pool)
		}
	}
	return pools
}

// wait is how long until the next look, or the last of a contest.
func (r *Recorder) wait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	return max(10*time.Millisecond, min(lookInterval, r.recordings.Last(now).Sub(now)))
}

// look asks all pods of a pool that can answer.
func (r *Recorder) look(ctx context.Context, pool types.NamespacedName, slots chan struct{}) (report.Look, error) {
	var list corev1.PodList
	if err := r.Client.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingFields{index.PodPool: pool.Name}); err != nil {
		return report.Look{}, err
	}
	look := report.Look{Asked: r.Clock.Now()}
	var asking sync.WaitGroup
	answers := make([]*api.Totals, len(list.Items))
	for i := range list.Items {
		pod := &list.Items[i]
		if pod.Status.PodIP == "" || pod.Status.Phase != corev1.PodRunning || !pods.OfDeployment(pod, pool.Name) {
			continue
		}
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			if totals, err := r.Sampler.Totals(ctx, sampling.Target{Name: pod.Name, UID: pod.UID, IP: pod.Status.PodIP}); err == nil {
				answers[i] = &totals
			}
		})
	}
	asking.Wait()
	look.Answered = r.Clock.Now()
	for i := range list.Items {
		pod := &list.Items[i]
		if !pods.OfDeployment(pod, pool.Name) || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		look.Replicas = append(look.Replicas, report.Replica{
			UID: string(pod.UID), Name: pod.Name, Created: pod.CreationTimestamp.Time, Ready: pods.Ready(pod), Restarts: pods.Restarts(pod),
			Totals: answers[i],
		})
	}
	return look, ctx.Err()
}

// took hands a look to the ledgers of the pool's contests.
func (r *Recorder) took(pool types.NamespacedName, look report.Look, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.looking, pool)
	if err != nil {
		// The cache ends, and the process with it.
		return
	}
	r.recordings.Took(pool, look)
}
