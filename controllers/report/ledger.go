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

// Replica is a pod of the pool as a look found it.
type Replica struct {
	UID, Name string
	Created   time.Time
	Ready     bool
	// Restarts is how often its container was started anew.
	Restarts int
	// Totals is what it answered; nil when it did not.
	Totals *api.Totals
}

// Look is what was seen of a pool at a time.
type Look struct {
	// Asked is when the first replica was asked, Answered when the last had answered or failed to.
	Asked, Answered time.Time
	// Replicas are all that exist, those that end included.
	Replicas []Replica
}

const (
	// steady is the longest time between two looks in which what was gained says something of a moment.
	steady = 15 * time.Second
	// told is how many faults are told in words; the others are counted.
	told = 3
)

// Ledger adds up what a pool's replicas did since a contest's start. Make one with New or Restore; it is not safe for
// concurrent use.
type Ledger struct {
	s state
}

// state is all of a Ledger, as its checkpoint has it.
type state struct {
	From time.Time `json:"from"`
	// Asked and Until are of the last look, and Unseen is how long nobody looked in between though somebody should have.
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
	// Pace is the most submissions a second that one replica took in from one look to the next.
	Pace float64 `json:"pace,omitempty"`
	// Minutes are the submissions of the last hour by the minute since From; Busiest the most of a minute and an hour.
	Minutes       map[int]uint64 `json:"minutes,omitempty"`
	BusiestMinute uint64         `json:"busiestMinute,omitempty"`
	BusiestHour   uint64         `json:"busiestHour,omitempty"`
}

// replica is what was last seen of one.
type replica struct {
	Name    string `json:"name"`
	Process string `json:"process,omitempty"`
	Last    Counts `json:"last,omitempty"`
	// Asked is when the question of Last was put; zero when there is no answer yet.
	Asked time.Time `json:"asked,omitzero"`
	// Restarts are those of the process of Last; when there is none, those that do not matter.
	Restarts int `json:"restarts,omitempty"`
	// Told says that the process of Last has told its last.
	Told bool `json:"told,omitempty"`
	// Until is up to when its time is counted.
	Until time.Time `json:"until"`
	// Served says that it was ready once, so that it may have taken submissions in.
	Served bool `json:"served,omitempty"`
}

// New makes a ledger of what happens from a time on.
func New(from time.Time) *Ledger {
	return &Ledger{state{From: from, Total: Counts{}, Replicas: map[string]*replica{}, Minutes: map[int]uint64{}}}
}

// From is when what is counted begins.
func (l *Ledger) From() time.Time { return l.s.From }

// Until is when it was last looked.
func (l *Ledger) Until() time.Time { return l.s.Until }

// Begun says whether it was looked since then.
func (l *Ledger) Begun() bool { return l.s.Until.After(l.s.From) }

// Add takes in a look, which is later than all before.
func (l *Ledger) Add(look Look) {
	s := &l.s
	before := !look.Answered.After(s.From)
	if gap := look.Asked.Sub(s.Until); !s.Until.IsZero() && !before && gap > steady {
		s.Unseen += gap
	}
	here := map[string]bool{}
	ready, queued := 0, 0
	slices.SortFunc(look.Replicas, func(a, b Replica) int { return cmp.Compare(a.UID, b.UID) })
	for _, seen := range look.Replicas {
		here[seen.UID] = true
		r := l.known(seen)
		if seen.Ready {
			r.Served = true
			ready++
		}
		if before {
			r.Restarts = seen.Restarts
		}
		if look.Answered.After(r.Until) {
			if !before {
				s.ReplicaTime += look.Answered.Sub(r.Until)
			}
			r.Until = look.Answered
		}
		if seen.Totals == nil {
			continue
		}
		queued += seen.Totals.DeepestQueue
		if before {
			r.took(seen, look)
		} else {
			l.count(r, seen, look)
		}
	}
	for _, uid := range slices.Sorted(maps.Keys(s.Replicas)) {
		if !here[uid] {
			if !before {
				l.gone(s.Replicas[uid], look.Answered)
			}
			delete(s.Replicas, uid)
		}
	}
	s.Asked, s.Until = look.Asked, look.Answered
	if !before {
		s.DeepestQueue, s.MostReplicas = max(s.DeepestQueue, queued), max(s.MostReplicas, ready)
	}
}

func (l *Ledger) known(seen Replica) *replica {
	r := l.s.Replicas[seen.UID]
	if r == nil {
		r = &replica{Name: seen.Name, Until: seen.Created}
		if l.s.From.After(r.Until) {
			r.Until = l.s.From
		}
		l.s.Replicas[seen.UID] = r
	}
	return r
}

func (r *replica) took(seen Replica, look Look) {
	r.Process, r.Last, r.Restarts, r.Asked, r.Told = seen.Totals.Process, countsOf(*seen.Totals), seen.Restarts, look.Asked, false
}

// count adds what a replica's counts have gained.
func (l *Ledger) count(r *replica, seen Replica, look Look) {
	t := *seen.Totals
	now := countsOf(t)
	base, since := r.Last, r.Asked
	if r.Process != t.Process {
		base, since = l.another(r, seen, look)
	}
	gained, err := now.gain(base)
	if err != nil {
		// No executor's counts fall. The next answer may be true.
		return
	}
	l.s.Total.add(gained)
	if passed := look.Answered.Sub(since); passed > 0 && passed <= steady {
		l.s.Pace = max(l.s.Pace, float64(gained[accepted])/max(1, passed.Seconds()))
	}
	l.busy(gained[accepted], look.Answered)
	r.took(seen, look)
}

// another is where the counts of a process begin that is seen for the first time. If one before it was not seen to its end,
// something may be missing.
func (l *Ledger) another(r *replica, seen Replica, look Look) (base Counts, since time.Time) {
	born := look.Answered.Add(-time.Duration(seen.Totals.UptimeMillis) * time.Millisecond)
	ended := seen.Restarts - r.Restarts
	if r.Process != "" {
		l.ended(r, born, "restarted")
	}
	if r.Process != "" || r.Told {
		ended--
	}
	switch {
	case ended > 0:
		l.fault(l.most(look.Answered.Sub(r.Until)), "replica %s restarted before it was asked", r.Name)
	case r.Process == "" && !r.Told && born.Before(l.s.From):
		// It was there before the start and had not answered until now.
		base = countsOf(*seen.Totals)
		if n := base[accepted]; n > 0 {
			l.fault(n, "replica %s did not answer before %s and had counted %d submissions by then", r.Name, clock(look.Answered), n)
		}
		return base, look.Asked
	}
	return nil, born
}

// busy notes when submissions came.
func (l *Ledger) busy(n uint64, at time.Time) {
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

// gone closes the account of a replica that is no more.
func (l *Ledger) gone(r *replica, at time.Time) {
	if r.Process == "" && !r.Served {
		return
	}
	l.ended(r, at, "went")
}

// ended says what is not known of a process that has ended: what it held when it was last asked had no answer as far as
// anybody saw, and what it took in afterwards nobody knows.
func (l *Ledger) ended(r *replica, at time.Time, how string) {
	held := r.Last.held()
	l.s.Lost += held
	unasked := at.Sub(r.Asked)
	if r.Asked.IsZero() {
		l.fault(0, "replica %s %s without ever having answered", r.Name, how)
		return
	}
	l.fault(l.most(unasked), "replica %s %s at %s, up to %.1f s after it was last asked", r.Name, how, clock(at), unasked.Seconds())
}

// Ended takes in the last word of a process that has drained: all it ever counted. The replica may still be seen, and is not
// missed when it is gone.
func (l *Ledger) Ended(uid string, t api.Totals, at time.Time) {
	r := l.s.Replicas[uid]
	if r == nil || r.Process != t.Process || !at.After(l.s.From) {
		return
	}
	gained, err := countsOf(t).gain(r.Last)
	if err != nil {
		return
	}
	l.s.Total.add(gained)
	l.busy(gained[accepted], at)
	if at.After(r.Until) {
		l.s.ReplicaTime += at.Sub(r.Until)
		r.Until = at
	}
	l.s.Lost += countsOf(t).held()
	// Nothing is missed when it is gone.
	*r = replica{Name: r.Name, Restarts: r.Restarts, Told: true, Until: r.Until}
}

// fault makes the report incomplete: up to n submissions may be missing.
func (l *Ledger) fault(n uint64, format string, arguments ...any) {
	l.s.Uncounted += n
	if len(l.s.Faults) == told {
		l.s.MoreFaults++
		return
	}
	l.s.Faults = append(l.s.Faults, fmt.Sprintf(format, arguments...))
}

// Close says, after the last look, whose last word is missing.
func (l *Ledger) Close() {
	for _, uid := range slices.Sorted(maps.Keys(l.s.Replicas)) {
		r := l.s.Replicas[uid]
		switch {
		case r.Asked.Equal(l.s.Asked) || !r.Served:
		case r.Asked.IsZero():
			l.fault(0, "replica %s never answered: its image may be of an older version", r.Name)
		default:
			unasked := l.s.Until.Sub(r.Asked)
			l.fault(l.most(unasked), "replica %s did not answer in the last %.1f s", r.Name, unasked.Seconds())
		}
	}
}

// most is how many submissions a replica can have taken in unseen, if it was not faster than any was while it was seen.
func (l *Ledger) most(unseen time.Duration) uint64 {
	return uint64(math.Ceil(l.s.Pace * unseen.Seconds()))
}

// Torn says that what was counted before is not known.
func (l *Ledger) Torn() {
	l.fault(0, "status.checkpoint could not be read, and what it held is missing")
}

// Missed says that nobody looked when the contest was released, and what the replicas that are still there have taken in
// since they were last asked, of which nobody knows what was the contest's.
func (l *Ledger) Missed(look Look) {
	var n uint64
	for _, seen := range look.Replicas {
		if r := l.s.Replicas[seen.UID]; r != nil && seen.Totals != nil && r.Process == seen.Totals.Process {
			n += seen.Totals.Accepted - min(seen.Totals.Accepted, r.Last[accepted])
		}
	}
	l.fault(n, "nobody looked from %s until the release", clock(l.s.Until))
}

// clock is a time of day for words.
func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }
