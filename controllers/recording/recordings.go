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
	// finalLead is the time before the release at which the final snapshot is taken. After the
	// release replicas may be removed.
	finalLead = 500 * time.Millisecond
	// maxGap is the longest time between two snapshots after which a late final snapshot still
	// counts for the contest.
	maxGap = 15 * time.Second
	// pendingInterval is the time until the next check for a first or a final snapshot that is due.
	pendingInterval = 250 * time.Millisecond
)

// Recordings holds the contests that are being recorded, from the warm-up until the final report is
// written. Recording begins before the start, so that the counts at the start are known.
// Checkpoints in the contests' statuses carry ledgers over to the next process.
type Recordings map[types.NamespacedName]*recording

// recording is the recording of one contest.
type recording struct {
	uid  types.UID
	pool types.NamespacedName
	// release is the end of the recording; zero while the contest is paused.
	release time.Time
	// ledger is nil before the first snapshot where the ledger begins with that.
	ledger *report.Ledger
	// unreadable reports whether the checkpoint of an earlier process could not be read.
	unreadable bool
	final      bool
}

// Record follows the contest's times and adds the report and the checkpoint to a decision.
func (r Recordings) Record(in contest.Input, d *contest.Decision) error {
	c, now := in.Contest, in.Now
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.Name}
	started := !now.Before(c.Spec.StartTime.Time)
	if !started {
		removeReport(&d.Status)
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
	if rec.ledger == nil || !rec.ledger.Started() {
		switch {
		case rec.final:
			// The contest was cancelled before its first snapshot.
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

// begin returns the recording of a contest that this process does not record yet. It continues from
// a checkpoint.
func begin(c *v1alpha1.Contest) *recording {
	rec := &recording{uid: c.UID, pool: types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.PoolName}}
	start := c.Spec.StartTime.Time
	switch {
	case len(c.Status.Checkpoint) > 0:
		ledger, err := report.Restore(c.Status.Checkpoint)
		rec.ledger, rec.unreadable = ledger, err != nil
	case c.CreationTimestamp.After(start) || c.Status.Report != nil:
		// Declared late, or held again after its release: the ledger begins with the first
		// snapshot.
	default:
		rec.ledger = report.New(start)
	}
	return rec
}

// follow updates the times of the contest. A contest that moved into the future gets a new ledger.
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
		// The contest is cancelled.
		rec.release = now
	}
	if rec.final && (rec.release.IsZero() || rec.release.After(now.Add(finalLead))) {
		// The release moved to a later time.
		rec.final = false
	}
}

// Pools returns the pools whose recordings need further snapshots.
func (r Recordings) Pools() []types.NamespacedName {
	var pools []types.NamespacedName
	for _, rec := range r {
		if !rec.final {
			pools = append(pools, rec.pool)
		}
	}
	return pools
}

// NextFinal returns the next instant after now at which a final snapshot is due, at most one hour
// after now.
func (r Recordings) NextFinal(now time.Time) time.Time {
	next := now.Add(time.Hour)
	for _, rec := range r {
		if last := rec.release.Add(-finalLead); !rec.final && last.After(now) && last.Before(next) {
			next = last
		}
	}
	return next
}

// Add adds a snapshot to the ledgers of the pool's contests.
func (r Recordings) Add(pool types.NamespacedName, snapshot report.Snapshot) {
	for _, rec := range r {
		if rec.pool == pool && !rec.final {
			rec.add(snapshot)
		}
	}
}

// AddFinal adds the final counts of a process that has ended to the ledgers of the pool's contests.
func (r Recordings) AddFinal(pool types.NamespacedName, uid string, last api.Totals, at time.Time) {
	for _, rec := range r {
		if rec.pool == pool && !rec.final && rec.ledger != nil {
			rec.ledger.AddFinal(uid, last, at)
		}
	}
}

func (rec *recording) add(snapshot report.Snapshot) {
	if rec.ledger == nil {
		rec.ledger = report.New(snapshot.Answered)
		if rec.unreadable {
			rec.ledger.MarkUnreadable()
		}
	}
	rec.final = !rec.release.IsZero() && !snapshot.Asked.Before(rec.release.Add(-finalLead))
	switch {
	case !rec.final:
		rec.ledger.Add(snapshot)
	case rec.ledger.Started() && snapshot.Asked.After(rec.release.Add(maxGap)) && snapshot.Asked.Sub(rec.ledger.Until()) > maxGap:
		rec.ledger.MarkMissed(snapshot)
	default:
		rec.ledger.Add(snapshot)
		rec.ledger.Close()
	}
}
