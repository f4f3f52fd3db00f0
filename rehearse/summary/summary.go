package summary

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// MaxFailures bounds how many failures a report explains.
const MaxFailures = 5

// Report holds a rehearsal's figures. Its JSON field names are stable: fields may be added, never renamed or removed.
// Times are whole milliseconds.
type Report struct {
	Participants int    `json:"participants"`
	Seed         uint64 `json:"seed"`
	// Interrupted says that the rehearsal was stopped before its end.
	Interrupted bool `json:"interrupted"`
	Counts
	// Verdicts counts the verdicts that came, by name.
	Verdicts map[string]int `json:"verdicts"`
	// Retries counts submissions repeated after a 503.
	Retries int `json:"retries"`
	// LastAnswerMillis is from the start to the last verdict.
	LastAnswerMillis int64 `json:"lastAnswerMillis"`
	// VerdictsPerSecond is over that time; 0 when no verdict came.
	VerdictsPerSecond float64 `json:"verdictsPerSecond"`
	Times
	// Languages holds the same figures for each language, by id.
	Languages []Language `json:"languages"`
	// Failures explains the first MaxFailures submissions that were not right, in the order of their ends.
	// Abandoned submissions are not explained.
	Failures []Failure `json:"failures"`
}

// Counts are submissions by Kind; the kinds add up to Submissions.
type Counts struct {
	Submissions int `json:"submissions"`
	Right       int `json:"right"`
	Wrong       int `json:"wrong"`
	Rejected    int `json:"rejected"`
	Refused     int `json:"refused"`
	Lost        int `json:"lost"`
	Abandoned   int `json:"abandoned"`
}

// Times are taken over the submissions that got a verdict, right or wrong.
type Times struct {
	// QueueWaitMillis is the wait for a slot as the executor reports it.
	QueueWaitMillis Quantiles `json:"queueWaitMillis"`
	// LatencyMillis is from submission to answer as the client saw it.
	LatencyMillis Quantiles `json:"latencyMillis"`
}

// Quantiles are milliseconds, all 0 when there is nothing to measure.
type Quantiles struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

// Language is one language's part of a Report.
type Language struct {
	ID string `json:"id"`
	Counts
	Times
}

// Failure explains a submission that was not right.
type Failure struct {
	Submission string `json:"submission"`
	ExecutorID string `json:"executorID,omitempty"`
	Program    string `json:"program"`
	Kind       Kind   `json:"kind"`
	Want       string `json:"want"`
	Got        string `json:"got,omitempty"`
	Cause      string `json:"cause"`
}

// Frame is what a report says beyond the outcomes.
type Frame struct {
	Participants int
	Seed         uint64
	Interrupted  bool
}

// Summarise computes the figures.
func Summarise(frame Frame, outcomes []Outcome) Report {
	report := Report{
		Participants: frame.Participants,
		Seed:         frame.Seed,
		Interrupted:  frame.Interrupted,
		Counts:       count(outcomes),
		Verdicts:     map[string]int{},
		Times:        measure(outcomes),
		Languages:    []Language{},
		Failures:     explain(outcomes),
	}
	var last time.Duration
	languages := map[string][]Outcome{}
	for _, o := range outcomes {
		report.Retries += o.Retries
		languages[o.Language] = append(languages[o.Language], o)
		if o.answered() {
			report.Verdicts[o.Got]++
			last = max(last, o.Finished)
		}
	}
	report.LastAnswerMillis = last.Milliseconds()
	if last > 0 {
		report.VerdictsPerSecond = float64(report.Right+report.Wrong) / last.Seconds()
	}
	for _, id := range slices.Sorted(maps.Keys(languages)) {
		of := languages[id]
		report.Languages = append(report.Languages, Language{ID: id, Counts: count(of), Times: measure(of)})
	}
	return report
}

// AllRight says that every submission of the plan got its right verdict.
func (r Report) AllRight() bool {
	return r.Submissions > 0 && r.Right == r.Submissions && !r.Interrupted
}

func count(outcomes []Outcome) Counts {
	counts := Counts{Submissions: len(outcomes)}
	for _, o := range outcomes {
		switch o.Kind {
		case Right:
			counts.Right++
		case Wrong:
			counts.Wrong++
		case Rejected:
			counts.Rejected++
		case Refused:
			counts.Refused++
		case Lost:
			counts.Lost++
		case Abandoned:
			counts.Abandoned++
		}
	}
	return counts
}

func measure(outcomes []Outcome) Times {
	var waits, latencies []time.Duration
	for _, o := range outcomes {
		if o.answered() {
			waits = append(waits, o.QueueWait)
			latencies = append(latencies, o.Latency)
		}
	}
	return Times{QueueWaitMillis: quantiles(waits), LatencyMillis: quantiles(latencies)}
}

func quantiles(values []time.Duration) Quantiles {
	if len(values) == 0 {
		return Quantiles{}
	}
	slices.Sort(values)
	rank := func(percent int) int64 {
		return values[(len(values)*percent+99)/100-1].Milliseconds()
	}
	return Quantiles{P50: rank(50), P95: rank(95), P99: rank(99), Max: rank(100)}
}

func explain(outcomes []Outcome) []Failure {
	failed := slices.DeleteFunc(slices.Clone(outcomes), func(o Outcome) bool {
		return o.Kind == Right || o.Kind == Abandoned
	})
	slices.SortStableFunc(failed, func(a, b Outcome) int { return cmp.Compare(a.Finished, b.Finished) })
	failures := []Failure{}
	for _, o := range failed[:min(len(failed), MaxFailures)] {
		failures = append(failures, Failure{
			Submission: o.Submission, ExecutorID: o.ExecutorID, Program: o.Program,
			Kind: o.Kind, Want: o.Want, Got: o.Got, Cause: o.Cause,
		})
	}
	return failures
}
