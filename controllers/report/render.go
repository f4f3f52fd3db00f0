package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

// refusals are the reasons for which a request is answered 503; the others are the client's own fault, or that it left.
var refusals = map[string]bool{
	api.ReasonQueueFull: true, api.ReasonDeadline: true, api.ReasonQueueTimeout: true, api.ReasonDraining: true,
	api.ReasonNoFreeSlot: true, api.ReasonIsolation: true, api.ReasonOverloaded: true,
}

// Plan is what was expected of the contest.
type Plan struct {
	Forecast v1alpha1.ContestFigures
	// Beside are the names of other contests of the pool in the same time, whose submissions are counted too.
	Beside []string
}

// Render is the report as far as it is known; it is complete when nothing is missing from its counts.
func (l *Ledger) Render(plan Plan) (report v1alpha1.ContestReport, complete bool) {
	s := &l.s
	report = v1alpha1.ContestReport{
		FromTime:       metav1.NewTime(s.From.Truncate(time.Second)),
		ToTime:         metav1.NewTime(s.Until.Truncate(time.Second)),
		Submissions:    int64(s.Total[accepted]),
		GivenUp:        int64(s.Total[rejected+api.ReasonClientGone]),
		Lost:           int64(s.Lost),
		Uncounted:      int64(s.Uncounted),
		PeakQueueDepth: int64(s.DeepestQueue),
		WaitP50Millis:  s.Total.wait(0.50).Milliseconds(),
		WaitP95Millis:  s.Total.wait(0.95).Milliseconds(),
		WaitP99Millis:  s.Total.wait(0.99).Milliseconds(),
		PeakReplicas:   int32(s.MostReplicas),
		ReplicaSeconds: int64(s.ReplicaTime / time.Second),
		Forecast:       plan.Forecast,
	}
	var judged uint64
	for v, n := range s.Total.of(verdict) {
		report.Verdicts = append(report.Verdicts, v1alpha1.VerdictCount{Verdict: v, Count: int64(n)})
		judged += n
	}
	slices.SortFunc(report.Verdicts, func(a, b v1alpha1.VerdictCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Verdict, b.Verdict))
	})
	for reason, n := range s.Total.of(rejected) {
		if refusals[reason] {
			report.Rejected += int64(n)
		}
	}
	report.Actual = v1alpha1.ContestFigures{
		Burst: int64(s.BusiestMinute), SubmissionsPerHour: int64(s.BusiestHour), Replicas: report.PeakReplicas, WaitP95Millis: report.WaitP95Millis,
	}
	if judged > 0 {
		report.Actual.SlotMillis = int64((s.Total[served] + judged/2) / judged)
	}
	report.Notes = l.notes(plan)
	report.Summary = summary(report, int64(judged))
	return report, len(s.Faults) == 0
}

// notes are what is missing, and what is no fault but should be known.
func (l *Ledger) notes(plan Plan) string {
	s := &l.s
	var notes []string
	if len(s.Faults) > 0 {
		more := ""
		if s.MoreFaults > 0 {
			more = fmt.Sprintf(", and %d more of the kind", s.MoreFaults)
		}
		notes = append(notes, fmt.Sprintf("Incomplete, by up to %d submissions at the highest pace seen: %s%s.", s.Uncounted, strings.Join(s.Faults, "; "), more))
	}
	var held uint64
	for _, r := range s.Replicas {
		held += r.Last.held()
	}
	if held > 0 {
		notes = append(notes, fmt.Sprintf("%d submissions waited or ran when the replicas were last asked.", held))
	}
	if s.Unseen > 0 {
		notes = append(notes, fmt.Sprintf("Nobody looked for %.0f s in all: counts are exact, peaks may have been higher then.", s.Unseen.Seconds()))
	}
	if len(plan.Beside) > 0 {
		names := plan.Beside
		if len(names) > told {
			names = append(slices.Clone(names[:told]), fmt.Sprintf("%d more", len(names)-told))
		}
		notes = append(notes, fmt.Sprintf("Submissions of %s, on the same pool at the same time, are counted too.", strings.Join(names, ", ")))
	}
	return strings.Join(notes, " ")
}

// summary is one line for people.
func summary(r v1alpha1.ContestReport, judged int64) string {
	words := fmt.Sprintf("%d submissions", r.Submissions)
	if judged > 0 {
		var verdicts []string
		for _, v := range r.Verdicts {
			verdicts = append(verdicts, fmt.Sprintf("%s %d", v.Verdict, v.Count))
		}
		words += fmt.Sprintf(", %d with a verdict (%s)", judged, strings.Join(verdicts, ", "))
	}
	words += fmt.Sprintf("; %d rejected, %d lost", r.Rejected, r.Lost)
	if judged > 0 {
		expected := ""
		if r.Forecast.WaitP95Millis > 0 {
			expected = fmt.Sprintf(" (%.1f s expected)", float64(r.Forecast.WaitP95Millis)/1000)
		}
		words += fmt.Sprintf("; waits p50 %.1f s, p95 %.1f s%s, p99 %.1f s", float64(r.WaitP50Millis)/1000, float64(r.WaitP95Millis)/1000,
			expected, float64(r.WaitP99Millis)/1000)
	}
	return words + fmt.Sprintf("; at most %d queued; %d of %d replicas, %.2f replica-hours", r.PeakQueueDepth, r.PeakReplicas,
		r.Forecast.Replicas, float64(r.ReplicaSeconds)/3600)
}
