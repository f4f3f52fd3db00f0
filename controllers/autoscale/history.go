package autoscale

import (
	"math"
	"time"
)

// Rates are measured over whiles of up to a minute on points 2 s apart, and of up to 16 minutes on points 32 s apart.
const (
	minute       = time.Minute
	longest      = 8 * time.Minute
	points       = 32
	fineSpacing  = 2 * time.Second
	roughSpacing = 32 * time.Second
)

// history is what believed samples tell of the last minutes.
type history struct {
	now         point
	fine, rough ring
	// service is the memory of the mean service time in seconds, over finished submissions.
	service, finished float64
	known             bool
}

// point holds totals since the history began, or their differences over a while.
type point struct {
	at                        time.Duration
	arrived, finished, served float64
	// busy slot-seconds.
	busy float64
}

func (p point) minus(o point) point {
	return point{p.at - o.at, p.arrived - o.arrived, p.finished - o.finished, p.served - o.served, p.busy - o.busy}
}

// rate of arrivals a second, and the standard deviation that it has by chance: that of a count is its root.
func (p point) rate() float64 { return p.arrived / p.at.Seconds() }
func (p point) deviation() float64 {
	return math.Sqrt(max(p.arrived, 0)) / p.at.Seconds()
}

// ring holds the last points, at least a spacing apart.
type ring struct {
	points  [points]point
	next, n int
}

func (r *ring) put(p point, spacing time.Duration) {
	if r.n > 0 && p.at-r.points[(r.next+points-1)%points].at < spacing {
		return
	}
	r.points[r.next] = p
	r.next = (r.next + 1) % points
	r.n = min(r.n+1, points)
}

// before is the youngest point that is at least so old, or else the oldest there is.
func (r *ring) before(now, d time.Duration) point {
	p := r.points[(r.next+points-1)%points]
	for i := 1; i < r.n && now-p.at < d; i++ {
		p = r.points[(r.next+2*points-1-i)%points]
	}
	return p
}

// restart begins anew at r, after a gap. The service time is remembered.
func (h *history) restart(r reading) {
	*h = history{service: h.service, finished: h.finished, known: r.counters.Known}
	h.now = point{0, r.counters.Arrived, r.counters.Finished, r.counters.ServiceSeconds, 0}
	h.fine.put(h.now, fineSpacing)
	h.rough.put(h.now, roughSpacing)
}

func (h *history) add(r, before reading, since time.Duration) {
	if r.counters.Known != h.known {
		h.restart(r)
		return
	}
	then := h.now
	h.now = point{then.at + since, r.counters.Arrived, r.counters.Finished, r.counters.ServiceSeconds, then.busy + (r.busy+before.busy)/2*since.Seconds()}
	h.fine.put(h.now, fineSpacing)
	h.rough.put(h.now, roughSpacing)
	if did := h.now.minus(then); h.known && did.finished > 0 {
		h.remember(did)
	}
}

// remember takes what has finished into the mean of the last few hundred. It begins as if some had taken the assumed time,
// since those that finish first after a start are the short ones.
func (h *history) remember(did point) {
	weight := h.finished + assumptionWeight
	served := min(did.served, did.finished*time.Hour.Seconds())
	h.service = (h.serviceTime()*weight + served) / (weight + did.finished)
	h.finished = min(h.finished+did.finished, remembered)
}

// serviceTime is the remembered or else the assumed service time.
func (h *history) serviceTime() float64 {
	if h.finished == 0 {
		return assumedService
	}
	return h.service
}

// last is what happened in the last while d, or a little more, or since the history began.
func (h *history) last(d time.Duration) point {
	if d <= minute {
		return h.now.minus(h.fine.before(h.now.at, d))
	}
	return h.now.minus(h.rough.before(h.now.at, d))
}
