package summary

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"
)

// MaxFailures bounds the failures that a summary explains.
const MaxFailures = 5

// Summary holds the figures of a rehearsal. Its JSON field names are stable: a field may be added,
// but not renamed or removed. Times are whole milliseconds.
type Summary struct {
	Participants int    `json:"participants"`
	Seed         uint64 `json:"seed"`
	// Interrupted reports whether the rehearsal was stopped before its end.
	Interrupted bool `json:"interrupted"`
	Counts
	// Verdicts counts the verdicts by name.
	Verdicts map[string]int `json:"verdicts"`
	// Retries counts the retries after a 503.
	Retries int `json:"retries"`
	// LastAnswerMillis is the time from the start to the last verdict.
	LastAnswerMillis int64 `json:"lastAnswerMillis"`
	// VerdictsPerSecond is the rate of verdicts over that time; 0 when there was none.
	VerdictsPerSecond float64 `json:"verdictsPerSecond"`
	Times
	// Languages holds the same figures by language.
	Languages []Language `json:"languages"`
	// Failures explains the first MaxFailures submissions that were neither right nor abandoned, in
	// the order of their ends.
	Failures []Failure `json:"failures"`
}

// Counts counts submissions by Kind. The kinds add up to Submissions.
type Counts struct {
	Submissions int `json:"submissions"`
	Right       int `json:"right"`
	Wrong       int `json:"wrong"`
	Rejected    int `json:"rejected"`
	Refused     int `json:"refused"`
	Lost        int `json:"lost"`
	Abandoned   int `json:"abandoned"`
}

// Times are those of the submissions with a verdict, right or wrong.
type Times struct {
	// QueueWaitMillis is the queue wait that the executor reports.
	QueueWaitMillis Quantiles `json:"queueWaitMillis"`
	// LatencyMillis is the time from the submission to the answer at the client.
	LatencyMillis Quantiles `json:"latencyMillis"`
}

// Quantiles are in milliseconds. Without a measurement all are 0.
type Quantiles struct {
	P50 int64 `json:"p50"`
	P95 int64 `json:"p95"`
	P99 int64 `json:"p99"`
	Max int64 `json:"max"`
}

// Language is the part of a Summary for one language.
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

// Frame holds the parts of a Summary that are not in the outcomes.
type Frame struct {
	Participants int
	Seed         uint64
	Interrupted  bool
}

// Summarize returns the summary of the outcomes.
func Summarize(frame Frame, outcomes []Outcome) Summary {
	result := Summary{
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
		result.Retries += o.Retries
		languages[o.Language] = append(languages[o.Language], o)
		if o.answered() {
			result.Verdicts[o.Got]++
			last = max(last, o.Finished)
		}
	}
	result.LastAnswerMillis = last.Milliseconds()
	if last > 0 {
		result.VerdictsPerSecond = float64(result.Right+result.Wrong) / last.Seconds()
	}
	for _, id := range slices.Sorted(maps.Keys(languages)) {
		of := languages[id]
		result.Languages = append(result.Languages, Language{ID: id, Counts: count(of), Times: measure(of)})
	}
	return result
}

// AllRight reports whether every submission of the plan got its right verdict.
func (r Summary) AllRight() bool {
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

// quantiles returns the nearest ranks, so that each of them is a time that was measured.
func quantiles(values []time.Duration) Quantiles {
	if len(values) == 0 {
		return Quantiles{}
	}
	sorted := make([]float64, len(values))
	for i, value := range values {
		sorted[i] = float64(value)
	}
	slices.Sort(sorted)
	rank := func(share float64) int64 {
		return time.Duration(stat.Quantile(share, stat.Empirical, sorted, nil)).Milliseconds()
	}
	return Quantiles{P50: rank(0.5), P95: rank(0.95), P99: rank(0.99), Max: rank(1)}
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
