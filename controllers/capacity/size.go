package capacity

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// Sizing is the number of replicas that a contest needs, with its parts.
type Sizing struct {
	// Replicas is the result, at least 1.
	Replicas int
	// Burst and Steady are the replicas that the burst and the steady state need with even queues.
	// The larger one counts.
	Burst, Steady int
	// Margin is the additional replicas that uneven queues need.
	Margin int

	load   Load
	pool   Pool
	target time.Duration
}

// Size returns the number of replicas with which at most 5 of 100 submissions wait longer than
// target, in the burst and in the steady state.
//
// The slots clear the burst within the target W if they can do its work in that time:
//
//	ceil(participants · burst% · S / (W · c)),   200 participants, 2 s, 5 s, 8 slots: 10
func Size(l Load, p Pool, target time.Duration) Sizing {
	s := Sizing{load: l, pool: p, target: target, Burst: clearing(l, p, target)}
	even := Pool{Slots: p.Slots, Shared: true}
	s.Steady = least(1, func(replicas int) bool { return steadyTail(l, even, replicas, target) <= tailShare })
	base := max(s.Burst, s.Steady)
	s.Replicas = least(base, func(replicas int) bool { return meets(l, p, target, replicas) })
	s.Margin = s.Replicas - base
	return s
}

// clearing returns the number of replicas whose slots do the work of the burst within the target.
func clearing(l Load, p Pool, target time.Duration) int {
	work := float64(l.burst()) * l.Service.Mean.Seconds()
	return max(1, int(math.Ceil(work/(target.Seconds()*float64(p.Slots))-1e-9)))
}

// meets reports whether the given number of replicas meets the target.
func meets(l Load, p Pool, target time.Duration, replicas int) bool {
	return clearing(l, p, target) <= replicas && steadyTail(l, p, replicas, target) <= tailShare &&
		burstTail(l, p, replicas, target.Seconds()) <= tailShare
}

// Fit returns the number of participants that the given number of replicas can serve within the
// target.
func Fit(l Load, p Pool, target time.Duration, replicas int) int {
	of := func(participants int) Load { l.Participants = participants; return l }
	fits := func(n int) bool { return n == 0 || Size(of(n), p, target).Replicas <= replicas }
	if replicas < 1 {
		return 0
	}
	// A search on meets alone is faster. It can be wrong for a load of a few submissions, hence the
	// check.
	n := least(0, func(n int) bool { return !meets(of(n+1), p, target, replicas) })
	if fits(n) && !fits(n+1) {
		return n
	}
	return least(0, func(n int) bool { return !fits(n + 1) })
}

// searchLimit is above any possible result: above the replicas of a cluster and the number of
// people.
const searchLimit = 1 << 40

// least returns the smallest whole number, at least low, for which holds is true. holds must be
// true for all larger numbers too.
func least(low int, holds func(int) bool) int {
	step := 1
	for step < searchLimit && !holds(low+step-1) {
		step *= 2
	}
	return low + sort.Search(step-1, func(i int) bool { return holds(low + i) })
}

// String explains the sizing, for example:
//
//	200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas
func (s Sizing) String() string {
	l := s.load
	what := count(l.Participants, "participant")
	switch {
	case s.Steady > s.Burst:
		what += " x " + count(l.SubmissionsPerHour, "submission") + " an hour"
	case l.BurstPercent != 100:
		what = count(l.burst(), "submission") + " of " + what
	}
	words := fmt.Sprintf("%s x %.1f s over %s a replica within %g s: %s", what, l.Service.Mean.Seconds(),
		count(s.pool.Slots, "slot"), s.target.Seconds(), count(s.Replicas, "replica"))
	if s.Margin > 0 {
		words += fmt.Sprintf(", %d of them because connections spread over replicas by chance", s.Margin)
	}
	return words
}

// count renders a number with its noun, which gets a plural s if n is not 1.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
