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
	// snapshotInterval is the time between two snapshots of a pool with a contest.
	snapshotInterval = 2 * time.Second
	// maxParallel is the highest number of pods that are asked at one time.
	maxParallel = 128
)

// Recorder takes snapshots of the pools whose contests run or warm up, and keeps a ledger of each
// contest. It implements manager.Runnable. Without such a contest it asks nobody.
type Recorder struct {
	// Client reads pods through the cache.
	Client  client.Reader
	Sampler *sampling.Sampler
	Clock   clock.Clock

	mu         sync.Mutex
	recordings Recordings
	// asking holds the pools of which a snapshot is under way.
	asking map[types.NamespacedName]bool
}

// Record adds the report, the checkpoint and the condition Reported to a decision.
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

// NeedLeaderElection returns true: only the leader asks replicas.
func (r *Recorder) NeedLeaderElection() bool { return true }

// Start takes snapshots until ctx ends.
func (r *Recorder) Start(ctx context.Context) error {
	var looks sync.WaitGroup
	defer looks.Wait()
	slots := make(chan struct{}, maxParallel)
	for {
		for _, pool := range r.due() {
			looks.Go(func() {
				snapshot, err := r.snapshot(ctx, pool, slots)
				r.add(pool, snapshot, err)
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

// due returns the pools of which no snapshot is under way, and marks them.
func (r *Recorder) due() []types.NamespacedName {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking == nil {
		r.asking = map[types.NamespacedName]bool{}
	}
	var pools []types.NamespacedName
	for _, pool := range r.recordings.Pools() {
		if !r.asking[pool] {
			r.asking[pool] = true
			pools = append(pools, pool)
		}
	}
	return pools
}

// wait returns the time until the next snapshot, at most until the final one of a contest.
func (r *Recorder) wait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Clock.Now()
	return max(10*time.Millisecond, min(snapshotInterval, r.recordings.NextFinal(now).Sub(now)))
}

// snapshot asks all pods of a pool that can answer.
func (r *Recorder) snapshot(ctx context.Context, pool types.NamespacedName, slots chan struct{}) (report.Snapshot, error) {
	all, err := index.Pods(ctx, r.Client, pool)
	if err != nil {
		return report.Snapshot{}, err
	}
	snapshot := report.Snapshot{Asked: r.Clock.Now()}
	var asking sync.WaitGroup
	answers := make([]*api.Totals, len(all))
	for i := range all {
		pod := &all[i]
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
	snapshot.Answered = r.Clock.Now()
	for i := range all {
		pod := &all[i]
		if !pods.OfDeployment(pod, pool.Name) || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		snapshot.Replicas = append(snapshot.Replicas, report.Replica{
			UID: string(pod.UID), Name: pod.Name, Created: pod.CreationTimestamp.Time, Ready: pods.Ready(pod), Restarts: pods.Restarts(pod),
			Totals: answers[i],
		})
	}
	return snapshot, ctx.Err()
}

// add adds a snapshot to the ledgers of the pool's contests.
func (r *Recorder) add(pool types.NamespacedName, snapshot report.Snapshot, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asking, pool)
	if err != nil {
		// The cache has ended, and the process is about to end.
		return
	}
	r.recordings.Add(pool, snapshot)
}
