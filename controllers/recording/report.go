package recording

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/report"
)

// reportInterval is the time between two writes of a growing report.
const reportInterval = time.Minute

// report adds the report to the decision when it is due: after the first snapshot, once a minute,
// and at the end.
func (rec *recording) report(in contest.Input, d *contest.Decision) error {
	next := &d.Status
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReported)
	if last := next.Report; last != nil && is != nil && is.Status == metav1.ConditionFalse && !rec.final {
		if due := last.ToTime.Add(reportInterval); in.Now.Before(due) {
			d.Sooner(due.Sub(in.Now))
			return nil
		}
	}
	rendered, complete := rec.ledger.Render(report.Expected{Forecast: forecast(*next, in), Concurrent: concurrent(in, rec.ledger)})
	next.Report = &rendered
	c := metav1.Condition{
		Type: v1alpha1.ConditionReported, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRecording,
		Message: "status.report covers the contest so far.", ObservedGeneration: in.Contest.Generation,
		LastTransitionTime: metav1.NewTime(in.Now.Truncate(time.Second)),
	}
	if !rec.final {
		checkpoint, err := rec.ledger.Checkpoint()
		next.Checkpoint = checkpoint
		meta.SetStatusCondition(&next.Conditions, c)
		d.Sooner(reportInterval)
		return err
	}
	next.Checkpoint = nil
	c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonComplete, "status.report is final and complete."
	if !complete {
		c.Reason, c.Message = v1alpha1.ReasonIncomplete, "status.report is final; status.report.notes describes what is missing."
	}
	meta.SetStatusCondition(&next.Conditions, c)
	note := rendered.Summary + "."
	if rendered.Notes != "" {
		note += " " + rendered.Notes
	}
	d.Events = append(d.Events, contest.Event{Warning: !complete || rendered.Lost > 0, Reason: v1alpha1.ConditionReported, Note: note})
	return nil
}

// removeReport removes the report of a contest that moved into the future.
func removeReport(next *v1alpha1.ContestStatus) {
	next.Report, next.Checkpoint = nil, nil
	meta.RemoveStatusCondition(&next.Conditions, v1alpha1.ConditionReported)
}

// forecast returns the plan as figures of the report.
func forecast(s v1alpha1.ContestStatus, in contest.Input) v1alpha1.ContestFigures {
	spec := in.Contest.Spec
	return v1alpha1.ContestFigures{
		Burst:              int64(spec.Participants) * int64(spec.Load.BurstPercent) / 100,
		SubmissionsPerHour: int64(spec.Participants) * int64(spec.Load.SubmissionsPerHour),
		SlotMillis:         s.SlotMillis,
		Replicas:           s.Replicas,
		WaitP95Millis:      s.ExpectedWaitMillis,
	}
}

// concurrent returns the pool's other contests that ran during the recording.
func concurrent(in contest.Input, l *report.Ledger) []string {
	var names []string
	for _, other := range in.Others {
		release, _ := other.ReleaseTime()
		if other.State != calendar.Cancelled && !other.Start.After(in.Now) && release.After(l.From()) {
			names = append(names, fmt.Sprintf("contest %s", other.Name))
		}
	}
	return names
}
