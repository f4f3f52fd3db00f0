package autoscale

import (
	"math"
	"time"
)

const (
	// doubt is by how many standard deviations a rate of less than a minute must be above another to prove growth. There
	// are many such whiles in a stabilisation window, and the highest counts.
	doubt = 3
	// doubtWithQueue is the same when more wait than run: such a queue is a proof by itself.
	doubtWithQueue = 1
	// agreement is by how many two whiles may differ and still be of one rate. What goes beyond is a trend.
	agreement = 2
	// mostGrowth bounds what a trend is trusted with, as a share of the rate: a step looks like a trend for a while.
	mostGrowth = 0.3
	// assumedService is the service time of a pool that has finished nothing yet.
	assumedService = 2.0
	// A mean of few is not one: the memory of earlier submissions weighs as much as this many, and at the beginning
	// the assumption does.
	memoryWeight, assumptionWeight = 20, 20
	// remembered is over how many submissions the memory of the service time reaches.
	remembered = 200
)

// work is what a pool is given to do.
type work struct {
	// rate in submissions a second; 0 when the load is not from a rate, but from what is busy.
	rate float64
	// service is the mean seconds a submission takes in its slot.
	service float64
	// assumed says that the service time was not measured.
	assumed bool
	// load is how many slots are busy on average when none is missing: rate x service, by Little's law.
	load float64
}

// measure takes rate, service time and load from the history.
//
// The rate is the highest of three:
//
//   - the mean of the longest while, of 1, 2, 4 or 8 minutes, in which it has not provably changed;
//   - what the arrivals of the last few seconds prove, (k - 3 sqrt(k))/t: chance is not taken for growth, and a flash is
//     seen before the minute is over. 2/s that become 25/s: 7 s later the last 7 s hold 175 arrivals, which prove
//     (175 - 40)/7 = 19.3/s, while the minute's mean is 4.7/s. When more wait than run, one sqrt(k) is taken off;
//   - where it will be when a pod that is ordered now is ready, if it grew in the last while d and the one before alike
//     (d is the pods' start, between 1 and 8 minutes). 10/s that became 12/s, over 60 s each, with 60 s of start: the
//     difference is 2 - 2 sqrt(1320)/60 = 0.8/s, for 60 s to come and 30 s since the middle of the last while that is
//     1.2 more: 13.2/s. At most 30 % are added.
//
// The shortest of the few seconds is shortest; in a shorter while a burst would count twice, as a backlog and as a rate.
//
// The service time is the mean of what finished. While there are few, submissions that run for long are seen by what they have
// already taken: it is at least the busy slot-seconds over all that finished or still run. The load is then at least the
// mean of the busy slots.
func (h *history) measure(shortest time.Duration, waiting, busy float64, podStart time.Duration, p Policy) work {
	while := h.unchanged()
	w := work{service: h.serviceTime(), assumed: h.finished == 0}
	few := !h.known || while.finished < memoryWeight || while.at < minute
	if h.known {
		memory := memoryWeight * w.service
		w.service = (while.served + memory) / (while.finished + memoryWeight)
		if few {
			w.service = max(w.service, (while.busy+memory)/(while.finished+memoryWeight+busy))
		}
	}
	w.service = min(max(w.service, 0.001), p.Timeout.Seconds())
	if while.at < time.Second {
		w.load = busy
		return w
	}
	if h.known {
		if while.at >= minute {
			w.rate = while.rate()
		}
		sure := float64(doubt)
		if waiting > busy {
			sure = doubtWithQueue
		}
		for d := shortest; d < minute; d *= 2 {
			short := h.last(d)
			short.at = max(short.at, d)
			w.rate = max(w.rate, short.rate()-sure*short.deviation())
		}
		w.rate = max(w.rate, h.trend(podStart))
	}
	w.load = w.rate * w.service
	if mean := while.busy / while.at.Seconds(); few && mean > w.load {
		w.load, w.rate = mean, 0
	}
	return w
}

// unchanged is the longest while whose halves are of one rate, at least a minute if there is one.
func (h *history) unchanged() point {
	while := h.last(minute)
	for d := minute; d < longest; d *= 2 {
		half, whole := h.last(d), h.last(2*d)
		older := whole.minus(half)
		if whole.at < 2*d || older.at <= 0 || math.Abs(half.rate()-older.rate()) > agreement*math.Hypot(half.deviation(), older.deviation()) {
			break
		}
		while = whole
	}
	return while
}

// trend is the rate that there will be when pods ordered now are ready; 0 when it does not grow.
func (h *history) trend(podStart time.Duration) float64 {
	d := min(max(podStart, minute), longest)
	half, whole := h.last(d), h.last(2*d)
	older := whole.minus(half)
	if whole.at < 2*d || older.at <= 0 {
		return 0
	}
	grew := half.rate() - older.rate() - agreement*math.Hypot(half.deviation(), older.deviation())
	if grew <= 0 {
		return 0
	}
	ahead := (podStart + half.at/2).Seconds() / ((half.at + older.at) / 2).Seconds()
	return half.rate() + min(grew*ahead, mostGrowth*half.rate())
}
