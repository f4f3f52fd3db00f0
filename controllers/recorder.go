package controllers

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/report"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
	"executorpool.dev/executor/api"
)

const (
	// lookInterval is how often the replicas of a pool with a contest are asked what they have counted.
	lookInterval = 2 * time.Second
	// lastLook is how long before the release they are asked for the last time: afterwards they may go.
	lastLook = 500 * time.Millisecond
	// lookParallel bounds how many pods are asked at one time.
	lookParallel = 128
	// continuous is the longest time without a look after which the next is still one of the contest.
	continuous = 15 * time.Second
)

// Recorder asks the replicas of pools whose contests have begun, or are about to, what they have counted, and keeps a ledger
// of each contest. It is a manager.Runnable. A tick without such a contest costs nothing.
type Recorder struct {
	// Client reads pods through the cache.
	Client  client.Reader
	Sampler *sampling.Sampler
	Clock   clock.Clock

	mu         sync.Mutex
	recordings map[types.NamespacedName]*recording
	// looking are the pools that are being asked.
	looking map[types.NamespacedName]bool
}

// recording is one contest.
type recording struct {
	uid  types.UID
	pool types.NamespacedName
	// start is the contest's. release is the end; zero while there is none.
	start, release time.Time
	// ledger is nil until the first look where it begins with that.
	ledger *report.Ledger
	final  bool
}

// Record takes in what the contest is now and has tell write with what is known of it, unless it is not to be recorded, or
// nothing was seen yet; then ok is false, and pending says whether something may come.
func (r *Recorder) Record(c *v1alpha1.Contest, now time.Time, tell func(contest.Record) error) (ok, pending bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := client.ObjectKeyFromObject(c)
	rec := r.recordings[key]
	if rec != nil && rec.uid != c.UID {
		rec = nil
	}
	written := len(c.Status.Checkpoint) == 0
	if over := contest.Entry(c).Phase(now).Over(); !contest.Recorded(c, now) && (rec == nil || !over || (rec.final && written && c.Status.Report != nil)) {
		delete(r.recordings, key)
		return false, false, nil
	}
	if rec == nil {
		if rec, err = begin(c, now); err != nil {
			return false, false, err
		}
		if r.recordings == nil {
			r.recordings = map[types.NamespacedName]*recording{}
		}
		r.recordings[key] = rec
	}
	rec.follow(c, now)
	if rec.ledger == nil || !rec.ledger.Begun() {
		if rec.final {
			// It was cancelled before anything could happen.
			delete(r.recordings, key)
		}
		return false, !rec.final, nil
	}
	return true, !rec.final, tell(contest.Record{Ledger: rec.ledger, Final: rec.final})
}

// begin makes the recording of a contest that this process has not seen, or goes on with another's.
func begin(c *v1alpha1.Contest, now time.Time) (*recording, error) {
	rec := &recording{uid: c.UID, pool: types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.PoolName}}
	start := c.Spec.StartTime.Time
	switch {
	case len(c.Status.Checkpoint) > 0:
		ledger, err := report.Restore(c.Status.Checkpoint)
		if err != nil {
			return nil, err
		}
		rec.ledger = ledger
	case c.CreationTimestamp.After(start) || c.Status.Report != nil:
		// Declared late, or held again after it was over: the first look is the beginning.
	default:
		rec.ledger = report.New(start)
	}
	return rec, nil
}

// follow takes in the contest's times. One that is moved into the future begins anew.
func (rec *recording) follow(c *v1alpha1.Contest, now time.Time) {
	rec.start, rec.release = c.Spec.StartTime.Time, time.Time{}
	if now.Before(rec.start) && (rec.ledger == nil || !rec.ledger.From().Equal(rec.start)) {
		rec.ledger = report.New(rec.start)
	}
	entry := contest.Entry(c)
	if release, ok := entry.ReleaseTime(); ok {
		rec.release = release
	}
	if entry.Phase(now).Over() && rec.release.After(now) {
		// It is cancelled.
		rec.release = now
	}
	if rec.final && rec.release.After(now.Add(lastLook)) {
		// It goes on after all.
		rec.final = false
	}
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
	for _, rec := range r.recordings {
		if !rec.final && !r.looking[rec.pool] {
			r.looking[rec.pool] = true
			pools = append(pools, rec.pool)
		}
	}
	return pools
}

// wait is how long until the next look, or the last of a contest.
func (r *Recorder) wait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait, now := lookInterval, r.Clock.Now()
	for _, rec := range r.recordings {
		if last := rec.release.Add(-lastLook).Sub(now); !rec.final && !rec.release.IsZero() && last > 0 {
			wait = min(wait, last)
		}
	}
	return max(wait, 10*time.Millisecond)
}

// look asks all pods of a pool that can answer.
func (r *Recorder) look(ctx context.Context, pool types.NamespacedName, slots chan struct{}) (report.Look, error) {
	var pods corev1.PodList
	if err := r.Client.List(ctx, &pods, client.InNamespace(pool.Namespace), client.MatchingFields{podPoolIndex: pool.Name}); err != nil {
		return report.Look{}, err
	}
	look := report.Look{Asked: r.Clock.Now()}
	var asking sync.WaitGroup
	answers := make([]*api.Totals, len(pods.Items))
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Status.PodIP == "" || pod.Status.Phase != corev1.PodRunning || !isOfDeployment(pod, pool.Name) {
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
	for i := range pods.Items {
		pod := &pods.Items[i]
		if !isOfDeployment(pod, pool.Name) || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		look.Replicas = append(look.Replicas, report.Replica{
			UID: string(pod.UID), Name: pod.Name, Created: pod.CreationTimestamp.Time, Ready: status.Ready(pod), Restarts: restarts(pod),
			Totals: answers[i],
		})
	}
	return look, ctx.Err()
}

// restarts is how often containers of a pod were started anew.
func restarts(pod *corev1.Pod) (n int) {
	for _, c := range pod.Status.ContainerStatuses {
		n += int(c.RestartCount)
	}
	return n
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
	for _, rec := range r.recordings {
		if rec.pool == pool && !rec.final {
			rec.took(look)
		}
	}
}

func (rec *recording) took(look report.Look) {
	if rec.ledger == nil {
		rec.ledger = report.New(look.Answered)
	}
	last := !rec.release.IsZero() && !look.Asked.Before(rec.release.Add(-lastLook))
	if last && rec.ledger.Begun() && look.Asked.Sub(rec.ledger.Until()) > continuous {
		rec.ledger.Missed(look)
		rec.final = true
		return
	}
	rec.ledger.Add(look)
	if last {
		rec.ledger.Close()
		rec.final = true
	}
}
