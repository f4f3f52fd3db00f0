package sampling

import (
	"context"
	"time"
)

// Source gives the number of waiting submissions from elsewhere than the executors.
type Source interface {
	// Waiting asks for the number and the time it is of, by the source's own clock; zero when it tells none. Errors are
	// words for an admin that hold nothing that changes by itself and nothing of what the source answered.
	Waiting(ctx context.Context) (Value, error)
	// Same says whether another source asks the same.
	Same(Source) bool
}

// Value is what a source answered. It may be NaN, negative or huge: whether to believe it is not this package's matter.
type Value struct {
	Waiting float64
	Time    time.Time
	// Patience is how long Time may stand still.
	Patience time.Duration
}

const (
	// sourceGrace is how long the last answer stands in for one that does not come.
	sourceGrace = 5 * time.Second
	// contradictionGrace is how long a source may say that fewer wait than the replicas hold: it may be scraped once in a
	// minute.
	contradictionGrace = 75 * time.Second
)

// asked is what is known of a source.
type asked struct {
	due    time.Time
	asking bool
	// tried says that it was asked at least once.
	tried  bool
	value  Value
	at     time.Time
	err    error
	moved  time.Time
	denied time.Time
}

func (a *asked) took(value Value, err error, now time.Time) {
	a.asking, a.tried, a.err = false, true, err
	if err != nil {
		return
	}
	if a.moved.IsZero() || !value.Time.Equal(a.value.Time) || value.Time.IsZero() {
		a.moved = now
	}
	a.value, a.at = value, now
}

// waiting is the source's number, or why there is none. held is what waits at the replicas themselves.
func (a *asked) waiting(held float64, now time.Time) (float64, string) {
	switch {
	case a.err != nil && (a.at.IsZero() || now.Sub(a.at) > sourceGrace):
		return 0, a.err.Error()
	case a.at.IsZero() || now.Sub(a.at) > sourceGrace+Timeout:
		return 0, "scaling.source does not answer"
	case now.Sub(a.moved) > a.value.Patience:
		return 0, "scaling.source gives an old answer again and again: see whether something between it and the manager caches"
	}
	if !(a.value.Waiting < held) {
		a.denied = time.Time{}
		return a.value.Waiting, ""
	}
	if a.denied.IsZero() {
		a.denied = now
	}
	if now.Sub(a.denied) > contradictionGrace && a.value.Waiting >= 0 {
		return 0, "scaling.source says that fewer submissions wait than the replicas hold: see whether it counts this pool"
	}
	return a.value.Waiting, ""
}
