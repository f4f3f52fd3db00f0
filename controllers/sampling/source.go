package sampling

import (
	"context"
	"time"
)

// Source returns the number of submissions that wait elsewhere than at the executors.
type Source interface {
	// Waiting returns the number and its time by the source's own clock; the time is zero when the
	// source has none. Errors are texts for an admin. They have nothing that changes by itself, and
	// nothing of the source's answer.
	Waiting(ctx context.Context) (Value, error)
	// Same reports whether another source asks for the same.
	Same(Source) bool
}

// Value is the answer of a source. Waiting may be NaN, negative or huge: the autoscaler decides
// whether to trust it.
type Value struct {
	Waiting float64
	Time    time.Time
	// Patience is the time for which Time may stand still.
	Patience time.Duration
}

const (
	// sourceGrace is the time for which the last answer stands in for a missing one.
	sourceGrace = 5 * time.Second
	// contradictionGrace is the time for which a source may return less than the replicas hold: the
	// source may be scraped once a minute.
	contradictionGrace = 75 * time.Second
)

// asked is the state of a source.
type asked struct {
	due    time.Time
	asking bool
	// tried reports whether the source was asked at least once.
	tried             bool
	value             Value
	at                time.Time
	err               error
	changedAt         time.Time
	contradictedSince time.Time
}

func (a *asked) record(value Value, err error, now time.Time) {
	a.asking, a.tried, a.err = false, true, err
	if err != nil {
		return
	}
	if a.changedAt.IsZero() || !value.Time.Equal(a.value.Time) || value.Time.IsZero() {
		a.changedAt = now
	}
	a.value, a.at = value, now
}

// waiting returns the source's number, or why there is none. held is the number of submissions that
// wait at the replicas.
func (a *asked) waiting(held float64, now time.Time) (float64, string) {
	switch {
	case a.err != nil && (a.at.IsZero() || now.Sub(a.at) > sourceGrace):
		return 0, a.err.Error()
	case a.at.IsZero() || now.Sub(a.at) > sourceGrace+Timeout:
		return 0, "scaling.source does not answer"
	case now.Sub(a.changedAt) > a.value.Patience:
		return 0, "scaling.source gives an old answer again and again: see whether something between it and the manager caches"
	}
	if !(a.value.Waiting < held) {
		a.contradictedSince = time.Time{}
		return a.value.Waiting, ""
	}
	if a.contradictedSince.IsZero() {
		a.contradictedSince = now
	}
	if now.Sub(a.contradictedSince) > contradictionGrace && a.value.Waiting >= 0 {
		return 0, "scaling.source says that fewer submissions wait than the replicas hold: see whether it counts this pool"
	}
	return a.value.Waiting, ""
}
