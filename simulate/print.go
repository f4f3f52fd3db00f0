package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// print prints a table for each trace, and for several traces a summary and a table of all of them.
func print(out io.Writer, comparisons []comparison) error {
	for _, r := range comparisons {
		if err := printTrace(out, r); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if len(comparisons) == 1 {
		return nil
	}
	if err := printSummary(out, comparisons); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return printTrace(out, total(comparisons))
}

// printTrace prints a line for each contender and for both bounds, and the remarks.
func printTrace(out io.Writer, r comparison) error {
	fmt.Fprintf(out, "%s: %s\n  %d submissions\n", r.Trace, r.About, r.Submissions)
	table := newTable(out)
	fmt.Fprintln(table, "wait\tp50\tp95\tp99\tmax\tp95/target\tover target\treplica-h\t/held\t/free\tpeak\tturns\t")
	for _, f := range r.Figures {
		fmt.Fprintf(table, "%s\t%.1f s\t%.1f s\t%.1f s\t%.1f s\t%.2f\t%.1f %%\t%.1f\t%.2f\t%.2f\t%d\t%d\t\n",
			f.Name, f.P50, f.P95, f.P99, f.Max, f.P95/r.TargetWait, 100*f.OverTarget, f.ReplicaHours, f.OverHeld, f.OverFree, f.Peak, f.Turns)
	}
	for _, bound := range []struct {
		name  string
		hours float64
	}{{"optimum, held", r.HeldHours}, {"optimum, free", r.FreeHours}} {
		fmt.Fprintf(table, "%s\t\t\t\t%.1f s\t1.00\t0.0 %%\t%.1f\t%.2f\t%.2f\t\t\t\n", bound.name, r.TargetWait, bound.hours, bound.hours/r.HeldHours, bound.hours/r.FreeHours)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, remark := range r.Remarks {
		fmt.Fprintf(out, "  - %s\n", remark)
	}
	return nil
}

// printSummary prints for each trace and contender the share of submissions that wait longer than
// the target, and the replica-hours divided by the bound "held".
func printSummary(out io.Writer, comparisons []comparison) error {
	fmt.Fprintln(out, "share of submissions that wait longer than the target, and replica-hours divided by the held optimum")
	table := newTable(out)
	for _, c := range contenders {
		fmt.Fprintf(table, "\t%s", c.name)
	}
	fmt.Fprintln(table, "\t")
	for _, r := range append(slices.Clone(comparisons), total(comparisons)) {
		fmt.Fprint(table, r.Trace)
		for _, f := range r.Figures {
			fmt.Fprintf(table, "\t%.1f %% %5.2f", 100*f.OverTarget, f.OverHeld)
		}
		fmt.Fprintln(table, "\t")
	}
	return table.Flush()
}

func newTable(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
}
