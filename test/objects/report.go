package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"executorpool.dev/test/objects/grammar"
)

const progressInterval = 10 * time.Second

// progress prints a line in each interval.
func (f *fuzzer) progress(ctx context.Context) {
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			fmt.Fprintln(f.output, f.line())
		}
	}
}

// line returns the state in one line.
func (f *fuzzer) line() string {
	f.counts.mu.Lock()
	fuzzed := 0
	for _, n := range f.counts.verdicts {
		fuzzed += n
	}
	honest := f.counts.honest
	f.counts.mu.Unlock()
	text := fmt.Sprintf("%6.0fs %-16s fuzzed %d honest %d findings %d next seed %d", time.Since(f.begun).Seconds(), f.phase.Load(),
		fuzzed, honest, len(f.found.all()), f.next.Load())
	if f.executor.cgroup != nil {
		current, peak := f.executor.cgroup.used()
		text += fmt.Sprintf(" memory %d MiB highest %d", current>>20, peak>>20)
	}
	return text
}

// report prints the tables at the end.
func (f *fuzzer) report() {
	fmt.Fprintln(f.output, "\n"+f.line())
	table := tabwriter.NewWriter(f.output, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nverdict\tsubmissions\t")
	for _, verdict := range slices.Sorted(maps.Keys(f.counts.verdicts)) {
		fmt.Fprintf(table, "%s\t%d\t\n", verdict, f.counts.verdicts[verdict])
	}
	table.Flush()
	fmt.Fprintf(f.output, "\nstatements used: %d of %d\n", len(f.counts.names), len(grammar.Forms()))
	f.reportTimes(table)
	fmt.Fprintln(table, "\nfinding\ttimes\tfirst programs\t")
	kinds := map[kind][]finding{}
	for _, one := range f.found.all() {
		kinds[one.kind] = append(kinds[one.kind], one)
	}
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		var names []string
		for _, c := range kinds[k][0].cases {
			names = append(names, c.name())
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t\n", k, len(kinds[k]), strings.Join(names, " "))
	}
	table.Flush()
	if len(kinds) == 0 {
		fmt.Fprintln(f.output, "no findings")
	}
}

// reportTimes prints the wall times of honest programs in each phase, with the ratios of the 95th
// percentiles.
func (f *fuzzer) reportTimes(table *tabwriter.Writer) {
	fmt.Fprintln(table, "\nhonest\tphase\truns\tmedian ms\tp95 ms\tp95 / quiet\tp95 / computing\t")
	for _, language := range f.Languages {
		for _, phase := range []string{quiet, fairComputing, fair, fullComputing, full} {
			median, n := f.times.quantile(phase, language, 0.5)
			high, _ := f.times.quantile(phase, language, 0.95)
			ratios := [2]string{"-", "-"}
			for i, to := range []string{quiet, phase + ", computing"} {
				if ratio := f.times.ratio(phase, to, language); ratio > 0 && phase != quiet {
					ratios[i] = fmt.Sprintf("%.2f", ratio)
				}
			}
			fmt.Fprintf(table, "%s\t%s\t%d\t%.0f\t%.0f\t%s\t%s\t\n", language, phase, n, median, high, ratios[0], ratios[1])
		}
	}
	table.Flush()
}
