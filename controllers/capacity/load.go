package capacity

import "time"

// tail is the share of submissions that may wait longer than the target.
const tail = 0.05

// Load is what a contest submits.
type Load struct {
	// Participants who submit on their own.
	Participants int
	// BurstPercent is how many of 100 participants submit at the same moment.
	BurstPercent int
	// SubmissionsPerHour of each participant, over the whole contest.
	SubmissionsPerHour int
	Service            Service
}

// burst is how many submissions come at one moment.
func (l Load) burst() int {
	return (l.Participants*l.BurstPercent + 99) / 100
}

// rate is how many submissions come in a second of the steady state.
func (l Load) rate() float64 {
	return float64(l.Participants) * float64(l.SubmissionsPerHour) / time.Hour.Seconds()
}

// offered is the mean number of slots the steady state keeps busy, in erlangs.
func (l Load) offered() float64 {
	return l.rate() * l.Service.Mean.Seconds()
}

// Pool is what serves.
type Pool struct {
	// Slots of a replica, at least 1.
	Slots int
	// Shared says that a gateway holds one queue for all replicas. Without it each replica has its own, and each submission
	// goes to one of them by chance, whatever waits there.
	Shared bool
}

// groups is how many queues there are, and how many slots each feeds.
func (p Pool) groups(replicas int) (queues, slots int) {
	if p.Shared {
		return 1, replicas * p.Slots
	}
	return replicas, p.Slots
}
