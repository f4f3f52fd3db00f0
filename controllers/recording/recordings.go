package recording

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/report"
	"executorpool.dev/executor/api"
)

const (
	// lastLook is how long before the release the replicas are asked for the last time: afterwards they may go.
	lastLook = 500 * time.Millisecond
	// continuous is the longest time without a look after which the next is still one of the contest.
	continuous = 15 * time.Second
	// pendingInterval is how soon to look for a report that is about to be begun or ended.
	pendingInterval = 250 * time.Millisecond
)

// Recordings are the contests whose replicas are asked what they count: from the warm-up on, so that what they had counted
// before the start is known, until the final report is written. What a process that ends knew of them is in the contests'
// statuses.
type Recordings map[types.NamespacedName]*recording

// recording is one contest.
type recording struct {
	uid  types.UID
	pool types.NamespacedName
	// release is the end; zero while there is none.
	release time.Time
	// ledger is nil until the first look where it begins with that.
	ledger *report.Ledger
	// torn says that what another process knew cannot be read.
	torn  bool
	final bool
}

// Record takes in what a contest is now, and puts into the decision what is known of what its replicas did.
func (r Recordings) Record(in contest.Input, d *contest.Decision) error {
	c, now := in.Contest, in.Now
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.Name}
	started := !now.Before(c.Spec.StartTime.Time)
	if !started {
		unreport(&d.Status)
	}
	phase := contest.Entry(c).Phase(now)
	rec := r[key]
	if rec != nil && rec.uid != c.UID {
		rec = nil
	}
	written := len(c.Status.Checkpoint) == 0 && (rec == nil || (rec.final && c.Status.Report != nil))
	if !phase.Holds() && (written || !phase.Over()) {
		delete(r, key)
		return nil
	}
	if rec == nil {
		rec = begin(c)
		r[key] = rec
	}
	rec.follow(c, now)
	if rec.ledger == nil || !rec.ledger.Begun() {
		switch {
		case rec.final:
			// It was cancelled before anything could happen.
			delete(r, key)
		case started:
			d.Sooner(pendingInterval)
		}
		return nil
	}
	if phase.Over() && !rec.final {
		d.Sooner(pendingInterval)
	}
	return rec.report(in, d)
}

// begin makes the recording of a contest that this process has not seen, or goes on with another's.
func begin(c *v1alpha1.Contest) *recording {
	rec := &recording{uid: c.UID, pool: types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.PoolName}}
	start := c.Spec.StartTime.Time
	switch {
	case len(c.Status.Checkpoint) > 0:
		ledger, err := report.Restore(c.Status.Checkpoint)
		rec.ledger, rec.torn = ledger, err != nil
	case c.CreationTimestamp.After(start) || c.Status.Report != nil:
		// Declared late, or held again after it was over: the first look is the beginning.
	default:
		rec.ledger = report.New(start)
	}
	return rec
}

// follow takes in the contest's times. One that is moved into the future begins anew.
func (rec *recording) follow(c *v1alpha1.Contest, now time.Time) {
	start := c.Spec.StartTime.Time
	if now.Before(start) && (rec.ledger == nil || !rec.ledger.From().Equal(start)) {
		rec.ledger = report.New(start)
	}
	entry := contest.Entry(c)
	rec.release = time.Time{}
	if release, ok := entry.ReleaseTime(); ok {
		rec.release = release
	}
	if entry.Phase(now).Over() && rec.release.After(now) {
		// It is cancelled.
		rec.release = now
	}
	if rec.final && (rec.release.IsZero() || rec.release.After(now.Add(lastLook))) {
		// It goes on after all.
		rec.final = false
	}
}

// Pools are those whose replicas are to be asked.
func (r Recordings) Pools() []types.NamespacedName {
	var pools []types.NamespacedName
	for _, rec := range r {
		if !rec.final {
			pools = append(pools, rec.pool)
		}
	}
	return pools
}

// Last is the next time after now at which a look will be a contest's last; far away when there is none.
func (r Recordings) Last(now time.Time) time.Time {
	next := now.Add(time.Hour)
	for _, rec := range r {
		if last := rec.release.Add(-lastLook); !rec.final && last.After(now) && last.Before(next) {
			next = last
		}
	}
	return next
}

// Took hands a look at a pool to those of its contests that it concerns.
func (r Recordings) Took(pool types.NamespacedName, look report.Look) {
	for _, rec := range r {
		if rec.pool == pool && !rec.final {
			rec.took(look)
		}
	}
}

// Ended hands on the last word of a process of a pool that has ended.
func (r Recordings) Ended(pool types.NamespacedName, uid string, last api.Totals, at time.Time) {
	for _, rec := range r {
		if rec.pool == pool && !rec.final && rec.ledger != nil {
			rec.ledger.Ended(uid, last, at)
		}
	}
}

func (rec *recording) took(look report.Look) {
	if rec.ledger == nil {
		rec.ledger = report.New(look.Answered)
		if rec.torn {
			rec.ledger.Torn()
		}
	}
	rec.final = !rec.release.IsZero() && !look.Asked.Before(rec.release.Add(-lastLook))
	switch {
	case !rec.final:
		rec.ledger.Add(look)
	case rec.ledger.Begun() && look.Asked.After(rec.release.Add(continuous)) && look.Asked.Sub(rec.ledger.Until()) > continuous:
		rec.ledger.Missed(look)
	default:
		rec.ledger.Add(look)
		rec.ledger.Close()
	}
}
