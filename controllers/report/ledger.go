package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"executorpool.dev/executor/api"
)

// Replica is the state of one pod in a snapshot.
type Replica struct {
	UID, Name string
	Created   time.Time
	Ready     bool
	// Restarts is the number of restarts of the container.
	Restarts int
	// Totals is the answer of the executor; nil when there was none.
	Totals *api.Totals
}

// Snapshot is the state of all replicas of a pool at one time.
type Snapshot struct {
	// Asked is when the first replica was asked, Answered when the last one answered or failed.
	Asked, Answered time.Time
	// Replicas are all existing replicas, including those that are being deleted.
	Replicas []Replica
}

const (
	// maxGap is the longest time between two snapshots from which a rate is computed.
	maxGap = 15 * time.Second
	// maxFaults is the highest number of faults that the report describes. More are counted.
	maxFaults = 3
)

// Ledger adds up the work of a pool's replicas from a contest's start on. Create one with New or
// Restore. It is not safe for concurrent use.
type Ledger struct {
	s state
}

// state is the content of a Ledger and of its checkpoint.
type state struct {
	From time.Time `json:"from"`
	// Asked and Until are the times of the last snapshot. Unseen is the sum of the gaps between
	// snapshots longer than maxGap.
	Asked  time.Time     `json:"asked,omitzero"`
	Until  time.Time     `json:"until,omitzero"`
	Unseen time.Duration `json:"unseen,omitempty"`

	Total    Counts              `json:"total"`
	Replicas map[string]*replica `json:"replicas,omitempty"`

	Lost         uint64        `json:"lost,omitempty"`
	Uncounted    uint64        `json:"uncounted,omitempty"`
	Faults       []string      `json:"faults,omitempty"`
	MoreFaults   int           `json:"moreFaults,omitempty"`
	DeepestQueue int           `json:"deepestQueue,omitempty"`
	MostReplicas int           `json:"mostReplicas,omitempty"`
	ReplicaTime  time.Duration `json:"replicaTime,omitempty"`
	// Pace is the highest rate of accepted submissions of one replica between two snapshots, per
	// second.
	Pace float64 `json:"pace,omitempty"`
	// Minutes holds the submissions of the last hour by the minute since From. Busiest is the
	// highest number of a minute and of an hour.
	Minutes       map[int]uint64 `json:"minutes,omitempty"`
	BusiestMinute uint64         `json:"busiestMinute,omitempty"`
	BusiestHour   uint64         `json:"busiestHour,omitempty"`
}

// replica is the last known state of one replica.
type replica struct {
	Name    string `json:"name"`
	Process string `json:"process,omitempty"`
	Last    Counts `json:"last,omitempty"`
	// Asked is when the executor was asked for Last; zero without an answer.
	Asked time.Time `json:"asked,omitzero"`
	// Restarts is the number of restarts before the process of Last, or the number at the start of
	// the contest.
	Restarts int `json:"restarts,omitempty"`
	// Final reports whether the final counts of the process were added.
	Final bool `json:"told,omitempty"`
	// Until is the end of the time that was added to ReplicaTime.
	Until time.Time `json:"until"`
	// Served reports whether the replica was ever ready and may have accepted submissions.
	Served bool `json:"served,omitempty"`
}

// New returns a ledger that begins at the given time.
func New(from time.Time) *Ledger {
	return &Ledger{state{From: from, Total: Counts{}, Replicas: map[string]*replica{}, Minutes: map[int]uint64{}}}
}

// From returns the begin of the ledger.
func (l *Ledger) From() time.Time { return l.s.From }

// Until returns the time of the last snapshot.
func (l *Ledger) Until() time.Time { return l.s.Until }

// Started reports whether there was a snapshot after the begin.
func (l *Ledger) Started() bool { return l.s.Until.After(l.s.From) }

// Add adds a snapshot, which must be later than all earlier ones.
func (l *Ledger) Add(snapshot Snapshot) {
	s := &l.s
	before := !snapshot.Answered.After(s.From)
	if gap := snapshot.Asked.Sub(s.Until); !s.Until.IsZero() && !before && gap > maxGap {
		s.Unseen += gap
	}
	present := map[string]bool{}
	ready, queued := 0, 0
	slices.SortFunc(snapshot.Replicas, func(a, b Replica) int { return cmp.Compare(a.UID, b.UID) })
	for _, observed := range snapshot.Replicas {
		present[observed.UID] = true
		r := l.replicaOf(observed)
		if observed.Ready {
			r.Served = true
			ready++
		}
		if before {
			r.Restarts = observed.Restarts
		}
		if snapshot.Answered.After(r.Until) {
			if !before {
				s.ReplicaTime += snapshot.Answered.Sub(r.Until)
			}
			r.Until = snapshot.Answered
		}
		if observed.Totals == nil {
			continue
		}
		queued += observed.Totals.DeepestQueue
		if before {
			r.record(observed, snapshot)
		} else {
			l.count(r, observed, snapshot)
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(s.Replicas)) {
		if !present[uid] {
			if !before {
				l.removed(s.Replicas[uid], snapshot.Answered)
			}
			delete(s.Replicas, uid)
		}
	}
	s.Asked, s.Until = snapshot.Asked, snapshot.Answered
	if !before {
		s.DeepestQueue, s.MostReplicas = max(s.DeepestQueue, queued), max(s.MostReplicas, ready)
	}
}

func (l *Ledger) replicaOf(observed Replica) *replica {
	r := l.s.Replicas[observed.UID]
	if r == nil {
		r = &replica{Name: observed.Name, Until: observed.Created}
		if l.s.From.After(r.Until) {
			r.Until = l.s.From
		}
		l.s.Replicas[observed.UID] = r
	}
	return r
}

func (r *replica) record(observed Replica, snapshot Snapshot) {
	r.Process, r.Last, r.Restarts, r.Asked, r.Final = observed.Totals.Process, countsOf(*observed.Totals), observed.Restarts, snapshot.Asked, false
}

// count adds the increase of a replica's counters.
func (l *Ledger) count(r *replica, observed Replica, snapshot Snapshot) {
	t := *observed.Totals
	now := countsOf(t)
	base, since := r.Last, r.Asked
	if r.Process != t.Process {
		base, since = l.newProcess(r, observed, snapshot)
	}
	gained, err := now.gain(base)
	if err != nil {
		// No executor's counters fall: ignore this answer.
		return
	}
	l.s.Total.add(gained)
	if passed := snapshot.Answered.Sub(since); passed > 0 && passed <= maxGap {
		l.s.Pace = max(l.s.Pace, float64(gained[accepted])/max(1, passed.Seconds()))
	}
	l.countArrivals(gained[accepted], snapshot.Answered)
	r.record(observed, snapshot)
}

// newProcess returns the counters from which the increase of a new process is computed, and their
// time. It records a fault where an earlier process may have counted more than was read.
func (l *Ledger) newProcess(r *replica, observed Replica, snapshot Snapshot) (base Counts, since time.Time) {
	born := snapshot.Answered.Add(-time.Duration(observed.Totals.UptimeMillis) * time.Millisecond)
	ended := observed.Restarts - r.Restarts
	if r.Process != "" {
		l.ended(r, born, "restarted")
	}
	if r.Process != "" || r.Final {
		ended--
	}
	switch {
	case ended > 0:
		l.fault(l.maxUnseen(snapshot.Answered.Sub(r.Until)), "replica %s restarted before it was asked", r.Name)
	case r.Process == "" && !r.Final && born.Before(l.s.From):
		// The process is older than the contest and did not answer before.
		base = countsOf(*observed.Totals)
		if n := base[accepted]; n > 0 {
			l.fault(n, "replica %s did not answer before %s and had counted %d submissions by then", r.Name, timeOfDay(snapshot.Answered), n)
		}
		return base, snapshot.Asked
	}
	return nil, born
}

// countArrivals adds accepted submissions to their minute.
func (l *Ledger) countArrivals(n uint64, at time.Time) {
	if n == 0 {
		return
	}
	s := &l.s
	minute := int(at.Sub(s.From) / time.Minute)
	s.Minutes[minute] += n
	var hour uint64
	for m, n := range s.Minutes {
		if m <= minute-60 {
			delete(s.Minutes, m)
			continue
		}
		hour += n
	}
	s.BusiestMinute, s.BusiestHour = max(s.BusiestMinute, s.Minutes[minute]), max(s.BusiestHour, hour)
}

// removed ends the account of a replica that no longer exists.
func (l *Ledger) removed(r *replica, at time.Time) {
	if r.Process == "" && !r.Served {
		return
	}
	l.ended(r, at, "was removed")
}

// ended records what is unknown of a process that has ended. Submissions that it held at the last
// snapshot are lost, as far as is known. Submissions that it accepted afterwards are not counted.
func (l *Ledger) ended(r *replica, at time.Time, how string) {
	unanswered := r.Last.unanswered()
	l.s.Lost += unanswered
	unasked := at.Sub(r.Asked)
	if r.Asked.IsZero() {
		l.fault(0, "replica %s %s and had never answered", r.Name, how)
		return
	}
	l.fault(l.maxUnseen(unasked), "replica %s %s at %s, up to %.1f s after it was last asked", r.Name, how, timeOfDay(at), unasked.Seconds())
}

// AddFinal adds the final counts of a process that has drained. The replica may still exist; its
// removal is then no fault.
func (l *Ledger) AddFinal(uid string, t api.Totals, at time.Time) {
	r := l.s.Replicas[uid]
	if r == nil || r.Process != t.Process || !at.After(l.s.From) {
		return
	}
	gained, err := countsOf(t).gain(r.Last)
	if err != nil {
		return
	}
	l.s.Total.add(gained)
	l.countArrivals(gained[accepted], at)
	if at.After(r.Until) {
		l.s.ReplicaTime += at.Sub(r.Until)
		r.Until = at
	}
	l.s.Lost += countsOf(t).unanswered()
	// Without a process, its removal is no fault.
	*r = replica{Name: r.Name, Restarts: r.Restarts, Final: true, Until: r.Until}
}

// fault makes the report incomplete: up to n submissions may be missing.
func (l *Ledger) fault(n uint64, format string, arguments ...any) {
	l.s.Uncounted += n
	if len(l.s.Faults) == maxFaults {
		l.s.MoreFaults++
		return
	}
	l.s.Faults = append(l.s.Faults, fmt.Sprintf(format, arguments...))
}

// Close records a fault for each replica without an answer in the final snapshot.
func (l *Ledger) Close() {
	for _, uid := range slices.Sorted(maps.Keys(l.s.Replicas)) {
		r := l.s.Replicas[uid]
		switch {
		case r.Asked.Equal(l.s.Asked) || !r.Served:
		case r.Asked.IsZero():
			l.fault(0, "replica %s never answered: its image may be of an older version", r.Name)
		default:
			unasked := l.s.Until.Sub(r.Asked)
			l.fault(l.maxUnseen(unasked), "replica %s did not answer in the last %.1f s", r.Name, unasked.Seconds())
		}
	}
}

// maxUnseen returns the number of submissions that a replica can have accepted in a gap at the
// highest pace so far.
func (l *Ledger) maxUnseen(unseen time.Duration) uint64 {
	return uint64(math.Ceil(l.s.Pace * unseen.Seconds()))
}

// MarkUnreadable records that the counts of an earlier process are lost.
func (l *Ledger) MarkUnreadable() {
	l.fault(0, "status.checkpoint could not be read, and its counts are missing")
}

// MarkMissed records that no snapshot was taken at the release. The increase since the last
// snapshot is reported as missing, because the part before the release is unknown.
func (l *Ledger) MarkMissed(snapshot Snapshot) {
	var n uint64
	for _, observed := range snapshot.Replicas {
		if r := l.s.Replicas[observed.UID]; r != nil && observed.Totals != nil && r.Process == observed.Totals.Process {
			n += observed.Totals.Accepted - min(observed.Totals.Accepted, r.Last[accepted])
		}
	}
	l.fault(n, "no replica was asked from %s until the release", timeOfDay(l.s.Until))
}

// timeOfDay formats a time for a note.
func timeOfDay(t time.Time) string { return t.UTC().Format("15:04:05Z") }
