package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"executorpool.dev/executor/api"
)

// Counts holds counters by name. An absent name is 0. All counters are in one map, so that one
// function adds, subtracts or stores them all.
type Counts map[string]uint64

const (
	accepted = "accepted"
	answered = "answered"
	served   = "served" // milliseconds
	verdict  = "verdict/"
	rejected = "rejected/"
	waited   = "waited/"

	// otherReasons counts the rejections that the report does not name.
	otherReasons = "other"
)

// countsOf returns the counts of a replica. Their names are from closed sets: with reasons of its
// own in each answer, a false executor could let the ledger and its checkpoint grow until the
// status of the contest cannot be written.
func countsOf(t api.Totals) Counts {
	c := Counts{accepted: t.Accepted, answered: t.Answered, served: t.ServedMillis}
	for v, n := range t.Verdicts {
		c[verdict+string(v)] = n
	}
	for reason, n := range t.Rejections {
		if !rejectionReasons[reason] && reason != api.ReasonClientGone {
			reason = otherReasons
		}
		c[rejected+reason] += n
	}
	for _, w := range t.Waits {
		c[waited+strconv.FormatUint(w[0], 10)] = w[1]
	}
	return c
}

// gain returns the increase of each counter since before. It returns an error when a counter fell,
// which no executor's does.
func (c Counts) gain(before Counts) (Counts, error) {
	gained := Counts{}
	for name, n := range before {
		if c[name] < n {
			return nil, fmt.Errorf("%s fell from %d to %d", name, n, c[name])
		}
	}
	for name, n := range c {
		if more := n - before[name]; more > 0 {
			gained[name] = more
		}
	}
	return gained, nil
}

func (c Counts) add(more Counts) {
	for name, n := range more {
		if n > 0 {
			c[name] += n
		}
	}
}

// unanswered returns the number of submissions that were accepted and not answered.
func (c Counts) unanswered() uint64 { return c[accepted] - min(c[accepted], c[answered]) }

// of returns the counters whose name begins with kind, by the rest of the name.
func (c Counts) of(kind string) map[string]uint64 {
	some := map[string]uint64{}
	for name, n := range c {
		if rest, is := strings.CutPrefix(name, kind); is && n > 0 {
			some[rest] = n
		}
	}
	return some
}

// wait returns the quantile of the queue wait of submissions with a verdict. Within a bucket it
// interpolates linearly: of 50 waits between 1.00 and 1.05 s, of which 20 are below the quantile,
// the result is 1.02 s.
func (c Counts) wait(share float64) time.Duration {
	var buckets [api.WaitBuckets]uint64
	var all uint64
	for name, n := range c.of(waited) {
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(buckets) {
			buckets[i] = n
			all += n
		}
	}
	rank, below := share*float64(all), 0.0
	for i, n := range buckets {
		if n == 0 || below+float64(n) < rank {
			below += float64(n)
			continue
		}
		if i == 0 {
			return 0
		}
		low, high := api.WaitBound(i-1), api.WaitBound(i)
		return low + time.Duration((rank-below)/float64(n)*float64(high-low))
	}
	return 0
}
