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

// rejectionReasons are the reasons of a 503. With other reasons the client was at fault or had
// disconnected.
var rejectionReasons = map[string]bool{
	api.ReasonQueueFull: true, api.ReasonDeadline: true, api.ReasonQueueTimeout: true, api.ReasonDraining: true,
	api.ReasonNoFreeSlot: true, api.ReasonIsolation: true, api.ReasonOverloaded: true,
}

// Expected holds what was expected of the contest.
type Expected struct {
	Forecast v1alpha1.ContestFigures
	// Concurrent names the pool's other contests at the same time, whose submissions are counted
	// too.
	Concurrent []string
}

// Render returns the report so far. complete reports whether no counts are missing.
func (l *Ledger) Render(expected Expected) (report v1alpha1.ContestReport, complete bool) {
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
		Forecast:       expected.Forecast,
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
		if rejectionReasons[reason] {
			report.Rejected += int64(n)
		}
	}
	report.Actual = v1alpha1.ContestFigures{
		Burst: int64(s.BusiestMinute), SubmissionsPerHour: int64(s.BusiestHour), Replicas: report.PeakReplicas, WaitP95Millis: report.WaitP95Millis,
	}
	if judged > 0 {
		report.Actual.SlotMillis = int64((s.Total[served] + judged/2) / judged)
	}
	report.Notes = l.notes(expected)
	report.Summary = summary(report, int64(judged))
	return report, len(s.Faults) == 0
}

// notes returns the faults and remarks of the report.
func (l *Ledger) notes(expected Expected) string {
	s := &l.s
	var notes []string
	if len(s.Faults) > 0 {
		more := ""
		if s.MoreFaults > 0 {
			more = fmt.Sprintf(", and %d more faults", s.MoreFaults)
		}
		notes = append(notes, fmt.Sprintf("Incomplete, by up to %d submissions at the highest pace so far: %s%s.", s.Uncounted, strings.Join(s.Faults, "; "), more))
	}
	var unanswered uint64
	for _, r := range s.Replicas {
		unanswered += r.Last.unanswered()
	}
	if unanswered > 0 {
		notes = append(notes, fmt.Sprintf("%d submissions were queued or running when the replicas were last asked.", unanswered))
	}
	if s.Unseen > 0 {
		notes = append(notes, fmt.Sprintf("No replica was asked for %.0f s in all: counts are exact, peaks may have been higher.", s.Unseen.Seconds()))
	}
	if len(expected.Concurrent) > 0 {
		names := expected.Concurrent
		if len(names) > maxFaults {
			names = append(slices.Clone(names[:maxFaults]), fmt.Sprintf("%d more", len(names)-maxFaults))
		}
		notes = append(notes, fmt.Sprintf("Submissions of %s, which used the pool at the same time, are counted too.", strings.Join(names, ", ")))
	}
	return strings.Join(notes, " ")
}

// summary returns the report in one line.
func summary(r v1alpha1.ContestReport, judged int64) string {
	text := fmt.Sprintf("%d submissions", r.Submissions)
	if judged > 0 {
		var verdicts []string
		for _, v := range r.Verdicts {
			verdicts = append(verdicts, fmt.Sprintf("%s %d", v.Verdict, v.Count))
		}
		text += fmt.Sprintf(", %d with a verdict (%s)", judged, strings.Join(verdicts, ", "))
	}
	text += fmt.Sprintf("; %d rejected, %d lost", r.Rejected, r.Lost)
	if judged > 0 {
		expected := ""
		if r.Forecast.WaitP95Millis > 0 {
			expected = fmt.Sprintf(" (%.1f s expected)", float64(r.Forecast.WaitP95Millis)/1000)
		}
		text += fmt.Sprintf("; waits p50 %.1f s, p95 %.1f s%s, p99 %.1f s", float64(r.WaitP50Millis)/1000, float64(r.WaitP95Millis)/1000,
			expected, float64(r.WaitP99Millis)/1000)
	}
	return text + fmt.Sprintf("; at most %d queued; %d of %d replicas, %.2f replica-hours", r.PeakQueueDepth, r.PeakReplicas,
		r.Forecast.Replicas, float64(r.ReplicaSeconds)/3600)
}
