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

// reportInterval is how often a report that grows is written.
const reportInterval = time.Minute

// report fills in the report when it is time to: when recording has begun, once a minute, and at the end.
func (rec *recording) report(in contest.Input, d *contest.Decision) error {
	next := &d.Status
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReported)
	if last := next.Report; last != nil && is != nil && is.Status == metav1.ConditionFalse && !rec.final {
		if due := last.ToTime.Add(reportInterval); in.Now.Before(due) {
			d.Sooner(due.Sub(in.Now))
			return nil
		}
	}
	rendered, complete := rec.ledger.Render(report.Plan{Forecast: forecast(*next, in), Beside: beside(in, rec.ledger)})
	next.Report = &rendered
	c := metav1.Condition{
		Type: v1alpha1.ConditionReported, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRecording,
		Message: "status.report is what there was so far.", ObservedGeneration: in.Contest.Generation,
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
	c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonComplete, "status.report is final, and nothing is missing from it."
	if !complete {
		c.Reason, c.Message = v1alpha1.ReasonIncomplete, "status.report is final; status.report.notes says what is missing from it."
	}
	meta.SetStatusCondition(&next.Conditions, c)
	note := rendered.Summary + "."
	if rendered.Notes != "" {
		note += " " + rendered.Notes
	}
	d.Events = append(d.Events, contest.Event{Warning: !complete || rendered.Lost > 0, Reason: v1alpha1.ConditionReported, Note: note})
	return nil
}

// unreport takes back what a report says of a contest that has not started after all.
func unreport(next *v1alpha1.ContestStatus) {
	next.Report, next.Checkpoint = nil, nil
	meta.RemoveStatusCondition(&next.Conditions, v1alpha1.ConditionReported)
}

// forecast is the plan in the report's figures.
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

// beside are the pool's other contests that ran while this one was recorded.
func beside(in contest.Input, l *report.Ledger) []string {
	var names []string
	for _, other := range in.Others {
		release, _ := other.ReleaseTime()
		if other.State != calendar.Cancelled && !other.Start.After(in.Now) && release.After(l.From()) {
			names = append(names, fmt.Sprintf("contest %s", other.Name))
		}
	}
	return names
}
