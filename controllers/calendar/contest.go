package calendar

import "time"

// State is what the admin wants of a contest.
type State int

const (
	// Scheduled follows the contest's times.
	Scheduled State = iota
	// Paused holds on from the warm-up until the state changes.
	Paused
	// Cancelled holds nothing.
	Cancelled
)

// Contest is one contest of a pool.
type Contest struct {
	Name     string
	Start    time.Time
	Duration time.Duration
	// WarmUp before the start and CoolDown after the end belong to the time the replicas are held.
	WarmUp, CoolDown time.Duration
	// Pull is how long before the warm-up the image is pulled on the nodes; 0 pulls none.
	Pull     time.Duration
	Replicas int
	State    State
}

// Phase is where a contest is at a moment.
type Phase int

const (
	// Ahead: the warm-up has not begun.
	Ahead Phase = iota
	// WarmingUp: the replicas are held for the start to come.
	WarmingUp
	// Running: from the start to the end.
	Running
	// OnHold: paused, and held.
	OnHold
	// CoolingDown: the contest is over and the replicas are held.
	CoolingDown
	// Finished: nothing is held any more.
	Finished
	// Dropped: the contest is cancelled.
	Dropped
)

func (p Phase) String() string {
	return [...]string{"Ahead", "WarmingUp", "Running", "OnHold", "CoolingDown", "Finished", "Dropped"}[p]
}

// Holds says whether the replicas are held in this phase.
func (p Phase) Holds() bool {
	return p == WarmingUp || p == Running || p == OnHold || p == CoolingDown
}

// Over says whether the phase is one that ends a contest.
func (p Phase) Over() bool { return p == Finished || p == Dropped }

// WarmUpTime is when the replicas are asked for.
func (c Contest) WarmUpTime() time.Time { return c.Start.Add(-c.WarmUp) }

// End is when the contest is over.
func (c Contest) End() time.Time { return c.Start.Add(c.Duration) }

// ReleaseTime is the last instant at which the replicas are held; ok is false while the contest is paused.
func (c Contest) ReleaseTime() (at time.Time, ok bool) {
	return c.End().Add(c.CoolDown), c.State != Paused
}

// Phase is where the contest is.
func (c Contest) Phase(now time.Time) Phase {
	release, _ := c.ReleaseTime()
	switch {
	case c.State == Cancelled:
		return Dropped
	case now.Before(c.WarmUpTime()):
		return Ahead
	case c.State == Paused:
		return OnHold
	case now.After(release):
		return Finished
	case now.Before(c.Start):
		return WarmingUp
	case !now.After(c.End()):
		return Running
	}
	return CoolingDown
}
