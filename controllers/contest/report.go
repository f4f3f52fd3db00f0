package contest

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/report"
)

// reportInterval is how often a report that grows is written.
const reportInterval = time.Minute

// Recorded says whether the contest's replicas are to be asked what they count: from the warm-up on, so that what they had
// counted before the start is known, until the report is final. A contest that was over when it was declared has nothing to
// report.
func Recorded(c *v1alpha1.Contest, now time.Time) bool {
	entry := Entry(c)
	phase := entry.Phase(now)
	return phase.Holds() || (phase.Over() && len(c.Status.Checkpoint) > 0)
}

// Record is what is known of the contest when its report is to be written.
type Record struct {
	Ledger *report.Ledger
	// Final says that nothing more will be seen.
	Final bool
}

// Report fills in the report, when it is time to: when recording has begun, once a minute, and at the end. It says when next.
func Report(next *v1alpha1.ContestStatus, in Input, record Record) (told []Event, recheck time.Duration, err error) {
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReported)
	if last := next.Report; last != nil && is != nil && is.Status == metav1.ConditionFalse && !record.Final {
		if due := last.ToTime.Add(reportInterval); in.Now.Before(due) {
			return nil, due.Sub(in.Now), nil
		}
	}
	rendered, complete := record.Ledger.Render(report.Plan{Forecast: forecast(*next, in), Beside: beside(in, record.Ledger)})
	next.Report = &rendered
	c := metav1.Condition{
		Type: v1alpha1.ConditionReported, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRecording,
		Message: "status.report is what there was so far.", ObservedGeneration: in.Contest.Generation,
		LastTransitionTime: metav1.NewTime(in.Now.Truncate(time.Second)),
	}
	if !record.Final {
		next.Checkpoint, err = record.Ledger.Checkpoint()
		meta.SetStatusCondition(&next.Conditions, c)
		return nil, reportInterval, err
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
	return []Event{{Warning: !complete || rendered.Lost > 0, Reason: v1alpha1.ConditionReported, Note: note}}, 0, nil
}

// Unreport takes back what a report says of a contest that has not started after all.
func Unreport(next *v1alpha1.ContestStatus) {
	next.Report, next.Checkpoint = nil, nil
	meta.RemoveStatusCondition(&next.Conditions, v1alpha1.ConditionReported)
}

// Sooner has the contest looked at again by then; 0 asks for nothing.
func (d *Decision) Sooner(wait time.Duration) {
	if wait > 0 && (d.Recheck == 0 || wait < d.Recheck) {
		d.Recheck = wait
	}
}

// forecast is the plan in the report's figures.
func forecast(s v1alpha1.ContestStatus, in Input) v1alpha1.ContestFigures {
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
func beside(in Input, l *report.Ledger) []string {
	var names []string
	for _, other := range in.Others {
		release, _ := other.ReleaseTime()
		if other.State != calendar.Cancelled && !other.Start.After(in.Now) && release.After(l.From()) {
			names = append(names, fmt.Sprintf("contest %s", other.Name))
		}
	}
	return names
}
