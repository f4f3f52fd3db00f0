package autoscale

import (
	"math"
	"time"

	"executorpool.dev/controllers/capacity"
)

// sampleDelay is how long, in seconds, a submission can have waited when a sample first shows it:
// pools with work are sampled once a second.
const sampleDelay = 1.0

// assumedPodStart is the pod start time of a pool without a measurement.
const assumedPodStart = 5 * time.Second

// demand is a need with its reason.
type demand struct {
	replicas int32
	// backlog reports whether the queue needs more replicas than the load.
	backlog bool
	// within is the time until every queued submission has a slot.
	within time.Duration
}

// need returns the number of replicas that the load needs: the maximum of what serves the arrivals
// and what clears the queue.
//
// Let c be the slots of a replica, Q the queue depth, B the busy slots, a the load (mean busy
// slots, arrival rate x service time), S the mean service time and W the target wait.
//
// To serve the arrivals, n slots must keep the share of submissions that wait longer than W at or
// below 5 %. With random arrivals the share is C(n, a) exp(-(n - a) W/S), where C is Erlang's C
// formula (see capacity.KeepUp). For a = 40, S = 2 s, W = 5 s that takes 42 slots. A fixed
// utilization of 0.8 would ask for 50: the target wait itself is the buffer.
//
// To clear the queue, only the newest submission counts: slots take submissions in order, so later
// arrivals delay nobody. n slots start n submissions at once and n/S per second, in R seconds
// n (1 + R/S), therefore
//
//	n = (Q + B) S / (S + R)
//
// The newest submission can be one second old when a sample shows it, so R = W - 1 s. 176 waiting
// and 24 busy, 2 s each, in 5 s: 200 x 2/(2 + 4) = 66.7 slots, 9 replicas of 8.
//
// Pods take D to start. Until then the ready slots serve, and so do the pods that start once they
// are ready; what they serve is subtracted, which is why no replica is ordered twice for the same
// queue. The rest must be started within R = W - D - 1 s. If R is about zero or negative, the
// newest submissions miss the target anyway; R is then the delay beyond the target, at least W/5:
//
//	n = (Q + B - served by D) S / (S + R)
//
// As above with 3 ready replicas and D = 3 s: by then 24 slots have taken 24 x 3/2 = 36, so
// 164 x 2/(2 + 1) = 109 slots, 14 replicas. With D = 30 s they have taken 360 by then: nothing is
// left, and no pod is ordered that would be ready too late.
//
// Submissions that arrive until D count too: X(D) = Q + B + a D/S - served. The newest of them must
// wait at most W. Where the target is missed anyway, T = D - W is added to the time allowed:
//
//	n = (a T + X(D) S) / (T + S + W)
func need(waiting, busy float64, w work, f Fleet, startLeft time.Duration, p Policy) demand {
	slots, service, target := float64(p.SlotsPerReplica), w.service, p.TargetWait.Seconds()
	d := demand{replicas: capacity.KeepUp(w.load, service, target, p.SlotsPerReplica, p.Ceiling)}
	if waiting <= 0 {
		return d
	}
	start := f.PodStart.Seconds()
	ready := slots * float64(f.ReadyReplicas)
	starting := slots * float64(max(0, f.SpecReplicas-f.ReadyReplicas))
	served := (ready*start + starting*max(0, start-startLeft.Seconds())) / service
	rest := max(math.Abs(target-start-sampleDelay), target/5)
	newest := max(0, waiting+busy-served) * service / (service + rest)

	settle := max(0, start-target)
	then := max(0, waiting+busy+w.load*start/service-served)
	arriving := (w.load*settle + then*service) / (settle + service + target)
	if catchUp := ceil(max(newest, arriving) / slots); catchUp > d.replicas {
		return demand{replicas: catchUp, backlog: true, within: p.TargetWait + max(0, f.PodStart-p.TargetWait)}
	}
	return d
}

// ceil rounds x up, to a number from 0 to MaxInt32/2. It subtracts 1e-9 first, because the rounding
// error of a whole number must not add 1.
func ceil(x float64) int32 {
	return int32(min(max(math.Ceil(x-1e-9), 0), math.MaxInt32/2))
}
