package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// The limits for a fleet of at most limitPools pools.
const (
	limitPools  = 500
	limitTick   = 200 * time.Millisecond
	limitMemory = 150 << 20
	// limitReaction limits the time from the beginning of a queue to the write of more replicas, for a
	// fleet of any size.
	limitReaction = time.Second
)

// tick returns the CPU time of one round over all pools: the manager samples each pool once a
// second and decides. The value contains everything else that the manager does in that second.
func (r row) tick() time.Duration { return time.Duration(float64(r.cpu) / r.window.Seconds()) }

func (r row) state() string {
	if r.work {
		return "work"
	}
	return "rest"
}

func (r row) each(n float64) float64 { return n / r.window.Seconds() }

func print(out io.Writer, rows []row) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "pools\tpods\tstate\tCPU ms/tick\tasked/s\tCPU µs/asked\treconciles/s\twrites/s\tgets/s\tlists, watches\tAPI kB/s\tPss MB\tRss MB\tqueue to replicas s\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%d\t%d\t%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.2f\t%.1f\t%d\t%.1f\t%d\t%d\t%.2f\t\n",
			r.pools, r.pods, r.state(), r.tick().Seconds()*1000, r.each(float64(r.asked)), r.cpu.Seconds()*1e6/float64(max(r.asked, 1)),
			r.each(r.reconciled), r.each(float64(r.requests.writes())), r.each(float64(r.requests.gets())), r.requests.lists(),
			r.each(r.received)/1000, r.pss>>20, r.rss>>20, r.reaction.Seconds())
	}
	fmt.Fprintln(t, "\t\t\t\t\t\t\t\t\t\t\t\t\t\t")
	if err := t.Flush(); err != nil {
		return err
	}
	t = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "pools\tstart s\tstart CPU s\tstart writes\tstart gets\tstart lists, watches\trequests/new pool\tscrape kB\tscrape CPU ms\t")
	for _, r := range rows {
		if r.work {
			continue
		}
		s := r.start
		fmt.Fprintf(t, "%d\t%.1f\t%.1f\t%d\t%d\t%d\t%.1f\t%d\t%d\t\n", r.pools, s.took.Seconds(), s.cpu.Seconds(), s.requests.writes(), s.requests.gets(),
			s.requests.lists(), float64(s.made.writes()+s.made.gets())/float64(s.created), r.scrape.bytes>>10, r.scrape.cpu.Milliseconds())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		fmt.Fprintf(out, "\n%d pools, %s, %s: %s", r.pools, r.state(), r.window.Round(time.Second), r.requests)
	}
	_, err := fmt.Fprintln(out)
	return err
}

// judge returns an error for each limit that was exceeded.
func judge(rows []row) error {
	var missed []error
	for _, r := range rows {
		if n := r.requests.writes(); !r.work && n > 0 {
			missed = append(missed, fmt.Errorf("%d pools at rest were written %d times in %s: %s", r.pools, n, r.window.Round(time.Second), r.requests))
		}
		if r.reaction > limitReaction {
			missed = append(missed, fmt.Errorf("%d pools, %s: the manager wrote more replicas %.2f s after a queue began, limit %s", r.pools, r.state(), r.reaction.Seconds(), limitReaction))
		}
		if r.pools > limitPools {
			continue
		}
		if r.tick() > limitTick {
			missed = append(missed, fmt.Errorf("%d pools, %s: a tick costs %s of CPU, limit %s", r.pools, r.state(), r.tick().Round(time.Millisecond), limitTick))
		}
		if r.pss > limitMemory {
			missed = append(missed, fmt.Errorf("%d pools, %s: %d MB of memory, limit %d", r.pools, r.state(), r.pss>>20, limitMemory>>20))
		}
	}
	return errors.Join(missed...)
}
