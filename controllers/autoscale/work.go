package autoscale

import (
	"math"
	"time"
)

const (
	// growthDeviations is the number of standard deviations by which the rate of an interval below
	// one minute must be higher to prove growth. A stabilization window contains many such intervals
	// and the highest counts, so a chance peak must be rare.
	growthDeviations = 3
	// growthDeviationsQueued replaces growthDeviations while more submissions wait than run: such a
	// queue proves growth by itself.
	growthDeviationsQueued = 1
	// trendDeviations is the number of standard deviations by which the rates of two intervals may
	// differ without a trend.
	trendDeviations = 2
	// maxTrend bounds the effect of a trend, as a share of the rate, because a step of the rate looks
	// like a trend until both intervals lie after it.
	maxTrend = 0.3
	// assumedService is the service time in seconds of a pool that has not finished a submission.
	assumedService = 2.0
	// priorWeight is the weight, in submissions, of the earlier mean service time against that of the
	// current interval. assumptionWeight is the weight of assumedService at the beginning. A mean of
	// few submissions is not reliable by itself.
	priorWeight, assumptionWeight = 20, 20
	// meanLength is the number of submissions over which the mean service time extends.
	meanLength = 200
)

// work is the arrival rate, service time and load of a pool.
type work struct {
	// rate is in submissions per second; 0 if the load follows from the busy slots.
	rate float64
	// service is the mean service time in seconds.
	service float64
	// assumed reports whether the service time is not measured.
	assumed bool
	// load is the mean number of busy slots of a pool with enough slots: rate x service (Little's
	// law).
	load float64
}

// measure returns rate, service time and load of the history.
//
// The rate is the maximum of three estimates:
//
//   - the mean over the longest interval, of 1, 2, 4 or 8 minutes, without a proven change;
//   - the lower bound (k - 3 sqrt(k))/t that k arrivals in the last t seconds prove. Chance alone
//     rarely exceeds the bound, and the bound shows a sudden rise before a minute has passed.
//     Example: the rate rises from 2/s to 25/s. 7 s later the last 7 s hold 175 arrivals, which
//     prove (175 - 40)/7 = 19.3/s, while the mean of the minute is 4.7/s. While more submissions
//     wait than run, only one sqrt(k) is subtracted;
//   - the extrapolation to the time when a pod ordered now is ready, if the rate grew between the
//     last two intervals of length d (d is PodStart, clamped to 1 to 8 minutes). At most 30 % are
//     added. Example: the rate was 10/s for 60 s and 12/s for the next 60 s, and PodStart is 60 s.
//     The growth is 2 - 2 sqrt(1320)/60 = 0.8/s in 60 s. Over the next 60 s and the 30 s since the
//     middle of the last interval, that adds 1.2/s: 13.2/s.
//
// minInterval is the smallest t. Over a shorter interval a burst would count twice: as backlog and
// as rate.
//
// The service time is the mean over finished submissions. While few have finished, running
// submissions count with the time they have taken: the service time is at least the busy
// slot-seconds divided by the submissions that finished or run, and the load at least the mean of
// the busy slots.
func (h *history) measure(minInterval time.Duration, waiting, busy float64, podStart time.Duration, p Policy) work {
	interval := h.steadyInterval()
	w := work{service: h.serviceTime(), assumed: h.finished == 0}
	few := !h.known || interval.finished < priorWeight || interval.at < minute
	if h.known {
		prior := priorWeight * w.service
		w.service = (interval.served + prior) / (interval.finished + priorWeight)
		if few {
			w.service = max(w.service, (interval.busy+prior)/(interval.finished+priorWeight+busy))
		}
	}
	w.service = min(max(w.service, 0.001), p.Timeout.Seconds())
	if interval.at < time.Second {
		w.load = busy
		return w
	}
	if h.known {
		if interval.at >= minute {
			w.rate = interval.rate()
		}
		deviations := float64(growthDeviations)
		if waiting > busy {
			deviations = growthDeviationsQueued
		}
		for d := minInterval; d < minute; d *= 2 {
			short := h.last(d)
			short.at = max(short.at, d)
			w.rate = max(w.rate, short.rate()-deviations*short.deviation())
		}
		w.rate = max(w.rate, h.trend(podStart))
	}
	w.load = w.rate * w.service
	if mean := interval.busy / interval.at.Seconds(); few && mean > w.load {
		w.load, w.rate = mean, 0
	}
	return w
}

// steadyInterval returns the longest interval whose halves have one rate, at least a minute if the
// history is that long.
func (h *history) steadyInterval() point {
	interval := h.last(minute)
	for d := minute; d < maxInterval; d *= 2 {
		half, whole := h.last(d), h.last(2*d)
		older := whole.minus(half)
		if whole.at < 2*d || older.at <= 0 || math.Abs(half.rate()-older.rate()) > trendDeviations*math.Hypot(half.deviation(), older.deviation()) {
			break
		}
		interval = whole
	}
	return interval
}

// trend returns the rate at the time when a pod ordered now is ready; 0 without growth.
func (h *history) trend(podStart time.Duration) float64 {
	d := min(max(podStart, minute), maxInterval)
	half, whole := h.last(d), h.last(2*d)
	older := whole.minus(half)
	if whole.at < 2*d || older.at <= 0 {
		return 0
	}
	growth := half.rate() - older.rate() - trendDeviations*math.Hypot(half.deviation(), older.deviation())
	if growth <= 0 {
		return 0
	}
	intervals := (podStart + half.at/2).Seconds() / ((half.at + older.at) / 2).Seconds()
	return half.rate() + min(growth*intervals, maxTrend*half.rate())
}
