package capacity

import "time"

// tailShare is the share of submissions that may wait longer than the target wait.
const tailShare = 0.05

// Load is the load that a contest puts on a pool.
type Load struct {
	// Participants is the number of participants, who submit independently.
	Participants int
	// BurstPercent is the number of submissions per 100 participants that arrive at one instant.
	BurstPercent int
	// SubmissionsPerHour is the rate of one participant, over the whole contest.
	SubmissionsPerHour int
	// Service is the distribution of the service time.
	Service Service
}

// burst returns the number of submissions that arrive at one instant.
func (l Load) burst() int {
	return (l.Participants*l.BurstPercent + 99) / 100
}

// rate returns the arrivals per second in the steady state.
func (l Load) rate() float64 {
	return float64(l.Participants) * float64(l.SubmissionsPerHour) / time.Hour.Seconds()
}

// offered returns the offered load of the steady state in erlangs: the mean number of busy slots.
func (l Load) offered() float64 {
	return l.rate() * l.Service.Mean.Seconds()
}

// Pool is the shape of the pool that serves a load.
type Pool struct {
	// Slots is the number of slots of a replica, at least 1.
	Slots int
	// Shared reports whether a gateway holds one queue for all replicas. Otherwise each replica has
	// its own queue, and each submission goes to a random replica, whatever its queue depth.
	Shared bool
}

// groups returns the number of queues and the number of slots of each queue.
func (p Pool) groups(replicas int) (queues, slots int) {
	if p.Shared {
		return 1, replicas * p.Slots
	}
	return replicas, p.Slots
}
