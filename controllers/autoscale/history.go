package autoscale

import (
	"math"
	"time"
)

// Rates are measured over intervals of up to one minute on points 2 s apart, and over intervals of
// up to 16 minutes on points 32 s apart.
const (
	minute        = time.Minute
	maxInterval   = 8 * time.Minute
	ringSize      = 32
	fineSpacing   = 2 * time.Second
	coarseSpacing = 32 * time.Second
)

// history is what the trusted samples of the last minutes have shown.
type history struct {
	now          point
	fine, coarse ring
	// service is the running mean of the service time in seconds, finished the number of submissions
	// that it covers.
	service, finished float64
	known             bool
}

// point holds totals since the history began, or the differences over an interval of length at.
type point struct {
	at time.Duration
	// served is in slot-seconds of finished submissions.
	arrived, finished, served float64
	// busy is in slot-seconds.
	busy float64
}

func (p point) minus(o point) point {
	return point{p.at - o.at, p.arrived - o.arrived, p.finished - o.finished, p.served - o.served, p.busy - o.busy}
}

// rate returns the arrivals per second of p, which is the difference of two points.
func (p point) rate() float64 { return p.arrived / p.at.Seconds() }

// deviation returns the standard deviation of rate: that of a Poisson count is its root.
func (p point) deviation() float64 {
	return math.Sqrt(max(p.arrived, 0)) / p.at.Seconds()
}

// ring holds the last ringSize points, at least one spacing apart.
type ring struct {
	points  [ringSize]point
	next, n int
}

// put adds p unless the newest point is less than spacing old.
func (r *ring) put(p point, spacing time.Duration) {
	if r.n > 0 && p.at-r.points[(r.next+ringSize-1)%ringSize].at < spacing {
		return
	}
	r.points[r.next] = p
	r.next = (r.next + 1) % ringSize
	r.n = min(r.n+1, ringSize)
}

// before returns the newest point that is at least age old, or the oldest point if none is.
func (r *ring) before(now, age time.Duration) point {
	p := r.points[(r.next+ringSize-1)%ringSize]
	for i := 1; i < r.n && now-p.at < age; i++ {
		p = r.points[(r.next+2*ringSize-1-i)%ringSize]
	}
	return p
}

// restart begins a new history at r, after a gap. It keeps the mean service time.
func (h *history) restart(r reading) {
	*h = history{service: h.service, finished: h.finished, known: r.counters.Known}
	h.now = point{0, r.counters.Arrived, r.counters.Finished, r.counters.ServiceSeconds, 0}
	h.fine.put(h.now, fineSpacing)
	h.coarse.put(h.now, coarseSpacing)
}

// add appends the reading r, taken the time since after the reading before.
func (h *history) add(r, before reading, since time.Duration) {
	if r.counters.Known != h.known {
		h.restart(r)
		return
	}
	then := h.now
	h.now = point{then.at + since, r.counters.Arrived, r.counters.Finished, r.counters.ServiceSeconds, then.busy + (r.busy+before.busy)/2*since.Seconds()}
	h.fine.put(h.now, fineSpacing)
	h.coarse.put(h.now, coarseSpacing)
	if delta := h.now.minus(then); h.known && delta.finished > 0 {
		h.updateService(delta)
	}
}

// updateService adds finished submissions to the mean over the last meanLength of them. The mean
// begins as if assumptionWeight submissions had taken the assumed time, because short submissions
// are the first to finish after a start.
func (h *history) updateService(delta point) {
	weight := h.finished + assumptionWeight
	served := min(delta.served, delta.finished*time.Hour.Seconds())
	h.service = (h.serviceTime()*weight + served) / (weight + delta.finished)
	h.finished = min(h.finished+delta.finished, meanLength)
}

// serviceTime returns the mean service time in seconds, or the assumed one before any submission
// has finished.
func (h *history) serviceTime() float64 {
	if h.finished == 0 {
		return assumedService
	}
	return h.service
}

// last returns the totals of the last interval of length d. The interval is up to one spacing
// longer than d, and shorter where the history is.
func (h *history) last(d time.Duration) point {
	if d <= minute {
		return h.now.minus(h.fine.before(h.now.at, d))
	}
	return h.now.minus(h.coarse.before(h.now.at, d))
}
