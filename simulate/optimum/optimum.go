package optimum

import (
	"slices"
	"time"

	"executorpool.dev/simulate/trace"
)

// Free returns a lower bound for any schedule, also one that adds and removes pods every second.
//
// Free relaxes the problem. A submission is work that can be divided into any pieces and done at
// any time until its deadline: its arrival + the target + its service time. The slots of the floor
// exist in any case. If they serve in order of deadline, they do the most work in time. The rest is
// bought by the slot-second: without the other slots of a replica, without the start time of a pod,
// and without regard to the ceiling.
func Free(t trace.Trace) float64 {
	speed := float64(t.Floor * t.Slots)
	// free is the time in seconds at which the slots of the floor have done their accepted work.
	bought, free := 0.0, 0.0
	for _, s := range t.Submissions {
		at, work := s.At.Seconds(), s.Service.Seconds()
		free = max(free, at)
		deadline := at + t.Target.Seconds() + work
		// The last submission is served from free until its deadline, at the speed of all slots.
		served := min(work, max(0, deadline-free)*speed)
		free += served / speed
		bought += work - served
	}
	return float64(t.Floor)*t.Length.Seconds() + bought/float64(t.Slots)
}

// lengths are the lengths of the intervals of Held. A short interval bounds a burst, a long one a
// load.
var lengths = []time.Duration{
	time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
}

// Held returns a lower bound for a schedule that removes a replica only when fewer were sufficient
// for one stabilization window. Every autoscaler that does not know future arrivals must do so. The
// cost of a pod begins with its order, PodStart before it can serve.
//
// Consider the submissions that arrive in an interval of length L from s, with service times of
// w_1, ..., w_k seconds. All must have started by s + L + target. If at most n slots are busy until
// then, they do at most n (L + target) slot-seconds, and at most n submissions still run, so
//
//	w_1 + ... + w_k <= n (L + target) + the n longest of w_1, ..., w_k
//
// The smallest such n is busy at some time x from s to s + L + target. The replicas with these
// slots exist at x, were ordered by x - PodStart, and stay until x + window. Whatever x is, they
// exist from s + L + target - PodStart to s + window. The bound at a time is the maximum over all
// intervals. Held is at least Free, which holds for any schedule.
func Held(t trace.Trace, window time.Duration) float64 {
	seconds := int(t.Length / time.Second)
	level := make([]int, seconds)
	for i := range level {
		level[i] = t.Floor
	}
	for _, length := range lengths {
		step := max(time.Second, length/8)
		for s := time.Duration(0); s < t.Length; s += step {
			n := min((slots(t, s, length)+t.Slots-1)/t.Slots, t.Ceiling)
			if n <= t.Floor {
				continue
			}
			from := max(0, ceilSeconds(s+length+t.Target-t.PodStart))
			to := min(int((s+window)/time.Second), seconds)
			for i := from; i < to; i++ {
				level[i] = max(level[i], n)
			}
		}
	}
	total := 0
	for _, n := range level {
		total += n
	}
	return max(float64(total), Free(t))
}

// slots returns the smallest n for which the inequality of Held holds, or 0 if it holds for the
// slots of the floor.
func slots(t trace.Trace, from, length time.Duration) int {
	first, _ := slices.BinarySearchFunc(t.Submissions, from, func(s trace.Submission, at time.Duration) int { return int(s.At - at) })
	var sizes []float64
	sum := 0.0
	for _, s := range t.Submissions[first:] {
		if s.At >= from+length {
			break
		}
		sizes = append(sizes, s.Service.Seconds())
		sum += s.Service.Seconds()
	}
	available := (length + t.Target).Seconds()
	if sum <= float64(t.Floor*t.Slots)*available {
		return 0
	}
	slices.Sort(sizes)
	longest := 0.0
	for n := 1; n < len(sizes); n++ {
		longest += sizes[len(sizes)-n]
		if sum <= float64(n)*available+longest {
			return n
		}
	}
	return len(sizes)
}

// ceilSeconds returns d in seconds, rounded up.
func ceilSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
