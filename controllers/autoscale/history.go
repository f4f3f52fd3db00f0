package autoscale

import (
	"math"
	"time"
)

const (
	// span is how far back rates are measured, spacing how far apart its points are at least.
	span    = 60 * time.Second
	spacing = 2 * time.Second
	points  = 32
	// doubt is by how many standard deviations a count must exceed what a rate explains to prove a higher one. A count of
	// k independent arrivals has the deviation sqrt(k).
	doubt = 2
	// assumedService is the service time of a pool that has finished nothing yet.
	assumedService = 2.0
	// A mean of few is not one: the memory of earlier submissions weighs as much as this many, a mere assumption less.
	memoryWeight, assumptionWeight = 20, 4
	// remembered is over how many submissions the memory of the service time reaches.
	remembered = 200
)

// history is what the last minute's believed samples tell of rates and service times.
type history struct {
	// elapsed is the time since it began, without the gaps.
	elapsed time.Duration
	ring    [points]point
	// next is where the next point goes; n are taken.
	next, n int
	// busySeconds is the integral of the busy slots.
	busySeconds float64
	// service is the long memory of the mean service time in seconds; 0 when nothing has finished yet.
	service float64
	known   bool
	counted Counters
}

type point struct {
	at                        time.Duration
	arrived, finished, served float64
	busySeconds               float64
}

// restart begins anew at r, after a gap. The service time is remembered.
func (h *history) restart(r reading) {
	*h = history{service: h.service, known: r.counters.Known, counted: r.counters}
	h.put(h.latest())
}

func (h *history) add(r, before reading, since time.Duration) {
	if r.counters.Known != h.known {
		h.restart(r)
		return
	}
	h.elapsed += since
	h.busySeconds += (r.busy + before.busy) / 2 * since.Seconds()
	h.counted = r.counters
	if finished := r.counters.Finished - before.counters.Finished; finished > 0 {
		mean := min((r.counters.ServiceSeconds-before.counters.ServiceSeconds)/finished, time.Hour.Seconds())
		if h.service == 0 {
			h.service = mean
		}
		h.service += (1 - math.Exp(-finished/remembered)) * (mean - h.service)
	}
	if newest := h.ring[(h.next+points-1)%points]; h.elapsed-newest.at >= spacing {
		h.put(h.latest())
	}
}

func (h *history) latest() point {
	return point{h.elapsed, h.counted.Arrived, h.counted.Finished, h.counted.ServiceSeconds, h.busySeconds}
}

func (h *history) put(p point) {
	h.ring[h.next] = p
	h.next = (h.next + 1) % points
	h.n = min(h.n+1, points)
}

// since is what happened in the last while d, or a little more: from the youngest point that is old enough, or else from
// the oldest there is.
func (h *history) since(d time.Duration) point {
	now := h.latest()
	then := now
	for i := range h.n {
		then = h.ring[(h.next+points-1-i)%points]
		if now.at-then.at >= d {
			break
		}
	}
	return point{now.at - then.at, now.arrived - then.arrived, now.finished - then.finished, now.served - then.served,
		now.busySeconds - then.busySeconds}
}

// work is what a pool is given to do.
type work struct {
	// rate in submissions a second; 0 when the source has no counters.
	rate float64
	// service is the mean seconds a submission takes in its slot.
	service float64
	// assumed says that the service time was not measured.
	assumed bool
	// load is how many slots are busy on average when none is missing: rate x service, by Little's law.
	load float64
}

// measure takes rate, service time and load from the last minute.
//
// The rate is the highest that the arrivals of the last 60 s, 30 s, ... prove: of the whole minute the mean k/t, of each
// shorter while only (k - 2 sqrt(k))/t, so that chance is not taken for growth. The shortest while is shortest; in a
// shorter one a burst would count twice, as a backlog and as a rate.
//
// The service time is the mean of what finished in the minute. Long submissions that are still running are seen by
// Little's law: busy slot-seconds over finished submissions.
//
// 5/s of 2 s each that grow to 20/s: 7 s later the last 7 s hold 140 arrivals, which prove (140 - 24)/7 = 16.6/s, while
// the minute's mean is still 6.8/s.
func (h *history) measure(shortest time.Duration, busy float64, p Policy) work {
	minute := h.since(span)
	w := work{service: assumedService, assumed: true}
	weight := float64(assumptionWeight)
	if h.service > 0 {
		w.service, w.assumed, weight = h.service, false, memoryWeight
	}
	if h.known {
		w.service = max((minute.served+weight*w.service)/(minute.finished+weight), minute.busySeconds/(minute.finished+weight))
	}
	w.service = min(max(w.service, 0.001), p.Timeout.Seconds())
	if minute.at < time.Second {
		w.load = busy
		return w
	}
	if h.known {
		for d := shortest; d < span; d *= 2 {
			w.rate = max(w.rate, proven(h.since(d), d))
		}
		if minute.at >= span {
			w.rate = max(w.rate, minute.arrived/minute.at.Seconds())
		}
	}
	w.load = max(w.rate*w.service, minute.busySeconds/max(minute.at, shortest).Seconds())
	return w
}

func proven(p point, d time.Duration) float64 {
	return max(0, p.arrived-doubt*math.Sqrt(max(p.arrived, 0))) / max(p.at, d).Seconds()
}
