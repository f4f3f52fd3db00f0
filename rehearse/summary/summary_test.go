package summary

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// right returns n right answers with waits of 1, 2, ... n seconds and latencies of one second more.
func right(n int) []Outcome {
	var outcomes []Outcome
	for i := range n {
		wait := time.Duration(i+1) * time.Second
		outcomes = append(outcomes, Outcome{
			Submission: "r", Program: "gcd.c", Language: "c", Kind: Right, Want: "OK", Got: "OK",
			QueueWait: wait, Latency: wait + time.Second, Finished: wait + time.Second,
		})
	}
	return outcomes
}

var mixed = append(right(2),
	Outcome{Submission: "3.1", ExecutorID: "x7", Program: "sum.py", Language: "python3", Kind: Wrong, Want: "OK",
		Got: "TimeLimit", Cause: "verdict TimeLimit instead of OK", Finished: 4 * time.Second,
		QueueWait: 3 * time.Second, Latency: 4 * time.Second},
	Outcome{Submission: "4.1", Program: "sum.py", Language: "python3", Kind: Rejected, Want: "OK",
		Cause: "503 Service Unavailable: queue_full", Finished: time.Second, Retries: 2},
	Outcome{Submission: "5.1", Program: "gcd.c", Language: "c", Kind: Lost, Want: "OK",
		Cause: "no answer within 9s", Finished: 9 * time.Second},
	Outcome{Submission: "6.1", Program: "gcd.c", Language: "c", Kind: Refused, Want: "OK",
		Cause: "422 Unprocessable Entity", Finished: 2 * time.Second},
	Outcome{Submission: "7.1", Program: "gcd.c", Language: "c", Kind: Abandoned, Want: "OK", Finished: 9 * time.Second},
)

func TestSummarizeOutcomes(t *testing.T) {
	want := Summary{
		Participants: 7, Seed: 5, Interrupted: true,
		Counts:           Counts{Submissions: 7, Right: 2, Wrong: 1, Rejected: 1, Refused: 1, Lost: 1, Abandoned: 1},
		Verdicts:         map[string]int{"OK": 2, "TimeLimit": 1},
		Retries:          2,
		LastAnswerMillis: 4000, VerdictsPerSecond: 0.75,
		Times: Times{
			QueueWaitMillis: Quantiles{P50: 2000, P95: 3000, P99: 3000, Max: 3000},
			LatencyMillis:   Quantiles{P50: 3000, P95: 4000, P99: 4000, Max: 4000},
		},
		Languages: []Language{
			{ID: "c", Counts: Counts{Submissions: 5, Right: 2, Refused: 1, Lost: 1, Abandoned: 1}, Times: Times{
				QueueWaitMillis: Quantiles{P50: 1000, P95: 2000, P99: 2000, Max: 2000},
				LatencyMillis:   Quantiles{P50: 2000, P95: 3000, P99: 3000, Max: 3000},
			}},
			{ID: "python3", Counts: Counts{Submissions: 2, Wrong: 1, Rejected: 1}, Times: Times{
				QueueWaitMillis: Quantiles{P50: 3000, P95: 3000, P99: 3000, Max: 3000},
				LatencyMillis:   Quantiles{P50: 4000, P95: 4000, P99: 4000, Max: 4000},
			}},
		},
		Failures: []Failure{
			{Submission: "4.1", Program: "sum.py", Kind: Rejected, Want: "OK", Cause: "503 Service Unavailable: queue_full"},
			{Submission: "6.1", Program: "gcd.c", Kind: Refused, Want: "OK", Cause: "422 Unprocessable Entity"},
			{Submission: "3.1", ExecutorID: "x7", Program: "sum.py", Kind: Wrong, Want: "OK", Got: "TimeLimit",
				Cause: "verdict TimeLimit instead of OK"},
			{Submission: "5.1", Program: "gcd.c", Kind: Lost, Want: "OK", Cause: "no answer within 9s"},
		},
	}
	got := Summarize(Frame{Participants: 7, Seed: 5, Interrupted: true}, mixed)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

func TestSummarizeQuantiles(t *testing.T) {
	for name, tc := range map[string]struct {
		outcomes []Outcome
		want     Quantiles
	}{
		"none": {},
		"one":  {outcomes: right(1), want: Quantiles{P50: 1000, P95: 1000, P99: 1000, Max: 1000}},
		"200":  {outcomes: right(200), want: Quantiles{P50: 100_000, P95: 190_000, P99: 198_000, Max: 200_000}},
		"21":   {outcomes: right(21), want: Quantiles{P50: 11_000, P95: 20_000, P99: 21_000, Max: 21_000}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Summarize(Frame{}, tc.outcomes).QueueWaitMillis
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("wait (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSummarizeExplainsFirstFailuresOnly(t *testing.T) {
	var outcomes []Outcome
	for i := range 3 * MaxFailures {
		outcomes = append(outcomes, Outcome{Kind: Lost, Finished: time.Duration(-i)})
	}
	if got := len(Summarize(Frame{}, outcomes).Failures); got != MaxFailures {
		t.Errorf("%d failures explained, want %d", got, MaxFailures)
	}
}

func TestSummaryAllRight(t *testing.T) {
	for name, tc := range map[string]struct {
		frame    Frame
		outcomes []Outcome
		want     bool
	}{
		"all":         {outcomes: right(3), want: true},
		"none":        {},
		"one lost":    {outcomes: append(right(3), Outcome{Kind: Lost})},
		"interrupted": {frame: Frame{Interrupted: true}, outcomes: right(3)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Summarize(tc.frame, tc.outcomes).AllRight(); got != tc.want {
				t.Errorf("all right: %t, want %t", got, tc.want)
			}
		})
	}
}

// Tools read the JSON: a field that is renamed breaks them.
func TestSummaryJSONFieldNames(t *testing.T) {
	got, err := json.Marshal(Summarize(Frame{Participants: 1, Seed: 2}, append(right(1), mixed[2])))
	if err != nil {
		t.Fatal(err)
	}
	const times = `"queueWaitMillis":{"p50":%,"p95":%,"p99":%,"max":%},"latencyMillis":{"p50":$,"p95":$,"p99":$,"max":$}`
	c := strings.NewReplacer("%", "1000", "$", "2000").Replace(times)
	python := strings.NewReplacer("%", "3000", "$", "4000").Replace(times)
	all := strings.NewReplacer(`p50":%`, `p50":1000`, `p50":$`, `p50":2000`, "%", "3000", "$", "4000").Replace(times)
	want := `{"participants":1,"seed":2,"interrupted":false,` +
		`"submissions":2,"right":1,"wrong":1,"rejected":0,"refused":0,"lost":0,"abandoned":0,` +
		`"verdicts":{"OK":1,"TimeLimit":1},"retries":0,"lastAnswerMillis":4000,"verdictsPerSecond":0.5,` + all +
		`,"languages":[` +
		`{"id":"c","submissions":1,"right":1,"wrong":0,"rejected":0,"refused":0,"lost":0,"abandoned":0,` + c + `},` +
		`{"id":"python3","submissions":1,"right":0,"wrong":1,"rejected":0,"refused":0,"lost":0,"abandoned":0,` + python + `}],` +
		`"failures":[{"submission":"3.1","executorID":"x7","program":"sum.py","kind":"wrong","want":"OK",` +
		`"got":"TimeLimit","cause":"verdict TimeLimit instead of OK"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}
