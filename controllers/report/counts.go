package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"executorpool.dev/executor/api"
)

// Counts are what a process has counted, by name: flat, so that all of it is added, subtracted and kept alike. A name that
// is absent is 0.
type Counts map[string]uint64

const (
	accepted = "accepted"
	answered = "answered"
	served   = "served" // milliseconds
	verdict  = "verdict/"
	rejected = "rejected/"
	waited   = "waited/"
)

func countsOf(t api.Totals) Counts {
	c := Counts{accepted: t.Accepted, answered: t.Answered, served: t.ServedMillis}
	for v, n := range t.Verdicts {
		c[verdict+string(v)] = n
	}
	for reason, n := range t.Rejections {
		c[rejected+reason] = n
	}
	for _, w := range t.Waits {
		c[waited+strconv.FormatUint(w[0], 10)] = w[1]
	}
	return c
}

// gain is by how much counts of the same process have grown; an error when one fell, which no process's does.
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

// held are the submissions that were taken in and not answered.
func (c Counts) held() uint64 { return c[accepted] - min(c[accepted], c[answered]) }

// of are the counts of a kind by the rest of their names.
func (c Counts) of(kind string) map[string]uint64 {
	some := map[string]uint64{}
	for name, n := range c {
		if rest, is := strings.CutPrefix(name, kind); is && n > 0 {
			some[rest] = n
		}
	}
	return some
}

// wait is the time that a share of the submissions with a verdict did not wait longer than. Within a bucket, waits are taken
// to be spread evenly: 50 waits between 1.00 and 1.05 s, of which 20 lie at or below the share, give 1.02 s.
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
