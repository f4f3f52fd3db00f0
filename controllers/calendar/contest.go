package calendar

import "time"

// State is the state that an admin asked for.
type State int

const (
	// Scheduled follows the contest's times.
	Scheduled State = iota
	// Paused holds the replicas from the warm-up until the state changes.
	Paused
	// Cancelled holds no replicas.
	Cancelled
)

// Contest is one contest of a pool.
type Contest struct {
	Name     string
	Start    time.Time
	Duration time.Duration
	// WarmUp is the time before the start, and CoolDown the time after the end, for which the
	// replicas are held.
	WarmUp, CoolDown time.Duration
	// Pull is the time before the warm-up at which the nodes begin to pull the image; 0 means no
	// pull.
	Pull     time.Duration
	Replicas int
	State    State
}

// Phase is the phase of a contest at one instant.
type Phase int

const (
	// BeforeWarmUp lasts until the warm-up begins.
	BeforeWarmUp Phase = iota
	// WarmingUp lasts from the warm-up to the start. The replicas are held.
	WarmingUp
	// Running lasts from the start to the end. The replicas are held.
	Running
	// OnHold is the phase of a paused contest from its warm-up on. The replicas are held.
	OnHold
	// CoolingDown lasts from the end to the release. The replicas are held.
	CoolingDown
	// Finished begins after the release. No replicas are held.
	Finished
	// Dropped is the phase of a cancelled contest. No replicas are held.
	Dropped
)

func (p Phase) String() string {
	return [...]string{"BeforeWarmUp", "WarmingUp", "Running", "OnHold", "CoolingDown", "Finished", "Dropped"}[p]
}

// Holds reports whether the replicas are held in this phase.
func (p Phase) Holds() bool {
	return p == WarmingUp || p == Running || p == OnHold || p == CoolingDown
}

// Over reports whether the phase ends a contest.
func (p Phase) Over() bool { return p == Finished || p == Dropped }

// WarmUpTime returns the first instant at which the replicas are held.
func (c Contest) WarmUpTime() time.Time { return c.Start.Add(-c.WarmUp) }

// End returns the instant at which the contest ends.
func (c Contest) End() time.Time { return c.Start.Add(c.Duration) }

// ReleaseTime returns the last instant at which the replicas are held. ok is false for a paused
// contest.
func (c Contest) ReleaseTime() (at time.Time, ok bool) {
	return c.End().Add(c.CoolDown), c.State != Paused
}

// Phase returns the phase of the contest at now.
func (c Contest) Phase(now time.Time) Phase {
	release, _ := c.ReleaseTime()
	switch {
	case c.State == Cancelled:
		return Dropped
	case now.Before(c.WarmUpTime()):
		return BeforeWarmUp
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
