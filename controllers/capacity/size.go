package capacity

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// Sizing is how many replicas a contest takes, and why.
type Sizing struct {
	// Replicas is the answer, at least 1.
	Replicas int
	// Burst and Steady are what the burst and the steady state would take if queues were even; the larger one counts.
	Burst, Steady int
	// Margin is what uneven queues take on top.
	Margin int

	load   Load
	pool   Pool
	target time.Duration
}

// Size computes the replicas with which no more than 5 of 100 submissions wait longer than target, of the burst as in the
// steady state.
//
// The burst drains within the target when the slots can do its work in that time:
//
//	ceil(participants · burst% · S / (W · c)),   200 participants, 2 s, 5 s, 8 slots: 10
func Size(l Load, p Pool, target time.Duration) Sizing {
	s := Sizing{load: l, pool: p, target: target, Burst: drained(l, p, target)}
	even := Pool{Slots: p.Slots, Shared: true}
	s.Steady = least(1, func(replicas int) bool { return steadyLate(l, even, replicas, target) <= tail })
	base := max(s.Burst, s.Steady)
	s.Replicas = least(base, func(replicas int) bool { return serves(l, p, target, replicas) })
	s.Margin = s.Replicas - base
	return s
}

// drained is the number of replicas whose slots do the burst's work within the target.
func drained(l Load, p Pool, target time.Duration) int {
	work := float64(l.burst()) * l.Service.Mean.Seconds()
	return max(1, int(math.Ceil(work/(target.Seconds()*float64(p.Slots))-1e-9)))
}

// serves says whether so many replicas keep the target.
func serves(l Load, p Pool, target time.Duration, replicas int) bool {
	return drained(l, p, target) <= replicas && steadyLate(l, p, replicas, target) <= tail &&
		burstLate(l, p, replicas, target.Seconds()) <= tail
}

// Fit is how many participants so many replicas can serve within target; 0 when not even one.
func Fit(l Load, p Pool, target time.Duration, replicas int) int {
	of := func(participants int) Load { l.Participants = participants; return l }
	fits := func(n int) bool { return n == 0 || Size(of(n), p, target).Replicas <= replicas }
	if replicas < 1 {
		return 0
	}
	// Asking only whether these replicas serve is quicker, and right unless a handful of submissions is all there is.
	n := least(0, func(n int) bool { return !serves(of(n+1), p, target, replicas) })
	if fits(n) && !fits(n+1) {
		return n
	}
	return least(0, func(n int) bool { return !fits(n + 1) })
}

// beyond is more than any answer can be: far more replicas than a cluster has, far more participants than there are people.
const beyond = 1 << 40

// least is the smallest whole number from low on for which holds is true, if it is true for all after that.
func least(low int, holds func(int) bool) int {
	step := 1
	for step < beyond && !holds(low+step-1) {
		step *= 2
	}
	return low + sort.Search(step-1, func(i int) bool { return holds(low + i) })
}

// String explains the sizing: "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas".
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

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
