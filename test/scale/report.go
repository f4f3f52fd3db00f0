package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// The bars, for a fleet of barPools.
const (
	barPools  = 500
	barTick   = 200 * time.Millisecond
	barMemory = 150 << 20
	// barReaction is for every fleet.
	barReaction = time.Second
)

// tick is the CPU that one tick of all pools costs: each is sampled and decided once a second, and in that second falls
// everything else the manager does.
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

// judge says which bars were missed.
func judge(rows []row) error {
	var missed []error
	for _, r := range rows {
		if n := r.requests.writes(); !r.work && n > 0 {
			missed = append(missed, fmt.Errorf("%d pools at rest were written %d times in %s: %s", r.pools, n, r.window.Round(time.Second), r.requests))
		}
		if r.reaction > barReaction {
			missed = append(missed, fmt.Errorf("%d pools, %s: a queue took %.2f s to become replicas, bar %s", r.pools, r.state(), r.reaction.Seconds(), barReaction))
		}
		if r.pools > barPools {
			continue
		}
		if r.tick() > barTick {
			missed = append(missed, fmt.Errorf("%d pools, %s: a tick costs %s of CPU, bar %s", r.pools, r.state(), r.tick().Round(time.Millisecond), barTick))
		}
		if r.pss > barMemory {
			missed = append(missed, fmt.Errorf("%d pools, %s: %d MB of memory, bar %d", r.pools, r.state(), r.pss>>20, barMemory>>20))
		}
	}
	return errors.Join(missed...)
}
