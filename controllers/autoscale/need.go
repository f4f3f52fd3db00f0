package autoscale

import (
	"math"
	"time"
)

// late is the share of submissions that may wait longer than the target when arrivals are as they are.
const late = 0.05

// seenLate is how long a submission may have waited already when a sample first shows it: pools that work are sampled
// once a second.
const seenLate = 1.0

// assumedPodStart stands in for a pod start that was never measured.
const assumedPodStart = 5 * time.Second

// demand is a need in slots with its reason.
type demand struct {
	replicas int32
	backlog  bool
	// within is when the backlog will have been started.
	within time.Duration
}

// need is how many replicas the load asks for: the higher of what keeps up and what catches up.
//
// With c slots a replica, Q waiting, B busy, load a (slots busy on average, rate x service time), service time S and wait
// target W:
//
// To keep up, n slots must leave no more than one submission in twenty waiting longer than W. In a queue with random
// arrivals that share is C(n, a) exp(-(n - a) W/S), C being Erlang's C formula. For a = 40, S = 2 s, W = 5 s that takes 42
// slots: the wait itself is the buffer, and a fixed utilisation of, say, 0.8 would ask for 50.
//
// To catch up, submissions are taken in order, so those that arrive later delay nobody, and what counts is the newest.
// n slots start n at once and n/S each second, that is n (1 + R/S) in the R seconds that are left to it, so
//
//	n = (Q + B) S / (S + R)
//
// It may be a second old when it is seen, so R = W - 1 s. 176 waiting + 24 busy, 2 s each, in 5 s: 200 x 2/(2 + 4) = 66.7
// slots, 9 replicas of 8.
//
// Pods take D to start. Until then the ready slots go on, and so do those already on their way once they are there; what
// they take is not counted again, which is why nothing is ordered twice. What is left then is to be started in
// R = W - D - 1 s. When that is next to nothing or less, the target is lost for the newest; R is then as much as it is late
// by, and at least a fifth of W:
//
//	n = (Q + B - served by D) S / (S + R)
//
// As above with 3 replicas ready and D = 3 s: by then 24 slots have taken 24 x 3/2 = 36, so 164 x 2/(2 + 1) = 109 slots, 14
// replicas. With D = 30 s: by then they have taken 360, nothing is left, and no pod is ordered that comes too late.
//
// What arrives until D is counted too, X(D) = Q + B + a D/S - served; so that the newest then waits no longer than W, with
// a part T = D - W to get there where the target is lost anyway:
//
//	n = (a T + X(D) S) / (T + S + W)
func need(q, b float64, w work, f Fleet, left time.Duration, p Policy) demand {
	c, s, target := float64(p.SlotsPerReplica), w.service, p.TargetWait.Seconds()
	d := demand{replicas: keepUp(w.load, s, target, p.SlotsPerReplica, p.Ceiling)}
	if q <= 0 {
		return d
	}
	start := f.PodStart.Seconds()
	ready := c * float64(f.Ready)
	coming := c * float64(max(0, f.Written-f.Ready))
	served := (ready*start + coming*max(0, start-left.Seconds())) / s
	rest := max(math.Abs(target-start-seenLate), target/5)
	newest := max(0, q+b-served) * s / (s + rest)

	settle := max(0, start-target)
	then := max(0, q+b+w.load*start/s-served)
	arriving := (w.load*settle + then*s) / (settle + s + target)
	if catchUp := ceil(max(newest, arriving) / c); catchUp > d.replicas {
		return demand{replicas: catchUp, backlog: true, within: p.TargetWait + max(0, f.PodStart-p.TargetWait)}
	}
	return d
}

// keepUp is the smallest number of replicas of c slots at which no more than the late share waits longer than target
// seconds, for a load of a slots and a service time of s seconds. Past limit replicas it counts no further.
//
// The probability to wait, Erlang's C, comes from the recursion for Erlang's B: B(0) = 1, B(n) = a B(n-1)/(n + a B(n-1)),
// C(n) = B(n)/(1 - (a/n)(1 - B(n))). Agner Krarup Erlang, 1917; in any book on queues.
func keepUp(a, s, target float64, c, limit int32) int32 {
	if a <= 0 {
		return 0
	}
	least := ceil(a / float64(c))
	if least > limit || a > 1e5 {
		return least // past what it is for, and past what should be counted slot by slot
	}
	b, n := 1.0, 0.0
	for replicas := int32(1); ; replicas++ {
		for range c {
			n++
			b = a * b / (n + a*b)
		}
		if n <= a {
			continue
		}
		wait := b / (1 - a/n*(1-b)) * math.Exp(-(n-a)*target/s)
		if wait <= late || replicas > limit {
			return replicas
		}
	}
}

// ceil rounds up, with a grain of salt for what floats make of whole numbers.
func ceil(x float64) int32 {
	return int32(min(max(math.Ceil(x-1e-9), 0), math.MaxInt32/2))
}
