// Package optimum says what a trace costs at least, to an autoscaler that knows every submission ahead and has every pod
// ready at the moment it is needed, when no submission may wait longer than the target.
//
// Both figures are lower bounds: they are derived from what every schedule must do, not from one schedule, so nothing can
// be cheaper, and perhaps nothing can be as cheap.
package optimum

import (
	"slices"
	"time"

	"executorpool.dev/simulate/trace"
)

// Free is a lower bound in replica-seconds for any schedule at all, with pods that come and go by the second.
//
// It relaxes the problem: a submission is work that may be cut into any pieces and be done at any time until target after
// its arrival plus its length. The floor's slots are there anyway. Served in order of deadline they do as much work in time
// as can be done, and what they cannot do must be bought, to the slot-second, without a whole replica's other slots, and
// without the time that its pods take to start. More than the ceiling is bought too, if it takes that.
func Free(t trace.Trace) float64 {
	speed := float64(t.Floor * t.Slots)
	bought, free := 0.0, 0.0 // free is when the floor's slots are done with what they have accepted, in seconds
	for _, s := range t.Submissions {
		at, work := s.At.Seconds(), s.Takes.Seconds()
		free = max(free, at)
		deadline := at + t.Target.Seconds() + work
		// One that is last in line is served from free on, at full speed, as far as its deadline allows.
		served := min(work, max(0, deadline-free)*speed)
		free += served / speed
		bought += work - served
	}
	return float64(t.Floor)*t.Length.Seconds() + bought/float64(t.Slots)
}

// lengths of the whiles that Held looks at. A burst shows in a short one, a load in a long one.
var lengths = []time.Duration{
	time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
}

// Held is a lower bound in replica-seconds for a schedule that lets go of a replica only when fewer have been enough for a
// stabilisation window, as every autoscaler must that does not know whether the next wave comes. It pays for a pod from
// when it is asked for, podStart before it can serve.
//
// Take a while of length L from s on, in which submissions of w_1, ..., w_k slot-seconds arrive. All must have started by
// s + L + target. With never more than n slots busy until then, at most n (L + target) slot-seconds are done, and at most n
// submissions still run, so
//
//	w_1 + ... + w_k <= n (L + target) + the n longest of them
//
// The least such n is reached at some moment x between s and s + L + target. So the replicas it takes are there at x, must
// have been asked for by x - podStart, and stay until x + window: whatever x is, from s + L + target - podStart to
// s + window. The bound at a moment is the most that any while asks for then. What no schedule at all can do for less,
// this one cannot either.
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

// slots is the least n for which the inequality holds.
func slots(t trace.Trace, from, length time.Duration) int {
	first, _ := slices.BinarySearchFunc(t.Submissions, from, func(s trace.Submission, at time.Duration) int { return int(s.At - at) })
	var sizes []float64
	sum := 0.0
	for _, s := range t.Submissions[first:] {
		if s.At >= from+length {
			break
		}
		sizes = append(sizes, s.Takes.Seconds())
		sum += s.Takes.Seconds()
	}
	while := (length + t.Target).Seconds()
	if sum <= float64(t.Floor*t.Slots)*while {
		return 0
	}
	slices.Sort(sizes)
	longest := 0.0
	for n := 1; n < len(sizes); n++ {
		longest += sizes[len(sizes)-n]
		if sum <= float64(n)*while+longest {
			return n
		}
	}
	return len(sizes)
}

func ceilSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
