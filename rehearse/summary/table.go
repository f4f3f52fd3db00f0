package summary

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the summary as a table for people.
func WriteTable(w io.Writer, r Summary) error {
	t := newTable()
	t.row("participants", r.Participants)
	t.row("submissions", r.Submissions)
	t.row("right", r.Right)
	t.row("wrong answers", r.Wrong)
	t.row("rejected (503)", r.Rejected)
	t.row("refused (other errors)", r.Refused)
	t.row("lost (no answer)", r.Lost)
	if r.Abandoned > 0 {
		t.row("abandoned (interrupted)", r.Abandoned)
	}
	if r.Retries > 0 {
		t.row("retries after 503", r.Retries)
	}
	t.row("verdicts", verdicts(r.Verdicts))
	t.row("time to the last answer", seconds(r.LastAnswerMillis))
	t.row("throughput", fmt.Sprintf("%.1f verdicts/s", r.VerdictsPerSecond))
	if len(r.Verdicts) == 0 {
		return t.writeTo(w)
	}
	t.gap()
	t.row("", "p50", "p95", "p99", "max")
	t.quantiles("wait in the queue", r.QueueWaitMillis)
	t.quantiles("total, as the client saw it", r.LatencyMillis)
	t.gap()
	t.row("language", "right", "wait p50", "wait p95", "wait max", "total p95")
	for _, l := range r.Languages {
		if l.Right+l.Wrong == 0 {
			t.row(l.ID, outOf(l.Counts), "-", "-", "-", "-")
			continue
		}
		t.row(l.ID, outOf(l.Counts), seconds(l.QueueWaitMillis.P50), seconds(l.QueueWaitMillis.P95),
			seconds(l.QueueWaitMillis.Max), seconds(l.LatencyMillis.P95))
	}
	return t.writeTo(w)
}

// WriteFailures writes the failures that the summary explains, one a line; nothing when there are
// none.
func WriteFailures(w io.Writer, r Summary) error {
	failed := r.Submissions - r.Right - r.Abandoned
	if failed == 0 {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d submissions failed; the first:\n", failed, r.Submissions)
	for _, f := range r.Failures {
		fmt.Fprintf(&text, "  %s %s %s: %s", f.Submission, f.Program, f.Kind, f.Cause)
		if f.ExecutorID != "" {
			fmt.Fprintf(&text, " (executor's id %s)", f.ExecutorID)
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func verdicts(counts map[string]int) string {
	if len(counts) == 0 {
		return "none"
	}
	var parts []string
	for _, verdict := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", verdict, counts[verdict]))
	}
	return strings.Join(parts, ", ")
}

func outOf(c Counts) string { return fmt.Sprintf("%d/%d", c.Right, c.Submissions) }

func seconds(millis int64) string {
	if millis < 1000 {
		return fmt.Sprintf("%d ms", millis)
	}
	return fmt.Sprintf("%.1f s", float64(millis)/1000)
}

// table aligns columns and leaves no spaces at the ends of lines.
type table struct {
	text  strings.Builder
	lines *tabwriter.Writer
}

func newTable() *table {
	t := &table{}
	t.lines = tabwriter.NewWriter(&t.text, 0, 0, 3, ' ', 0)
	return t
}

func (t *table) row(cells ...any) {
	for i, cell := range cells {
		if i > 0 {
			fmt.Fprint(t.lines, "\t")
		}
		fmt.Fprint(t.lines, cell)
	}
	fmt.Fprintln(t.lines)
}

func (t *table) quantiles(name string, q Quantiles) {
	t.row(name, seconds(q.P50), seconds(q.P95), seconds(q.P99), seconds(q.Max))
}

// gap ends the alignment of the rows above.
func (t *table) gap() { fmt.Fprintln(t.lines) }

func (t *table) writeTo(w io.Writer) error {
	if err := t.lines.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(t.text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
