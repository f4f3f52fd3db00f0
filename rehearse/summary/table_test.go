package summary

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteTable(t *testing.T) {
	for name, tc := range map[string]struct {
		outcomes []Outcome
		want     string
	}{
		"mixed": {
			outcomes: append(mixed, Outcome{Language: "go", Kind: Lost}),
			want: `
participants              7
submissions               8
right                     2
wrong answers             1
rejected (503)            1
refused (other errors)    1
lost (no answer)          2
abandoned (interrupted)   1
retries after 503         2
verdicts                  OK 2, TimeLimit 1
time to the last answer   4.0 s
throughput                0.8 verdicts/s

                              p50     p95     p99     max
wait in the queue             2.0 s   3.0 s   3.0 s   3.0 s
total, as the client saw it   3.0 s   4.0 s   4.0 s   4.0 s

language   right   wait p50   wait p95   wait max   total p95
c          2/5     1.0 s      2.0 s      2.0 s      3.0 s
go         0/1     -          -          -          -
python3    0/2     3.0 s      3.0 s      3.0 s      4.0 s
`,
		},
		"no verdict": {
			outcomes: []Outcome{{Kind: Lost}},
			want: `
participants              7
submissions               1
right                     0
wrong answers             0
rejected (503)            0
refused (other errors)    0
lost (no answer)          1
verdicts                  none
time to the last answer   0 ms
throughput                0.0 verdicts/s
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := WriteTable(&got, Summarize(Frame{Participants: 7}, tc.outcomes)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, "\n"+got.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteFailures(t *testing.T) {
	for name, tc := range map[string]struct {
		outcomes []Outcome
		want     string
	}{
		"none":             {outcomes: right(2)},
		"abandoned is not": {outcomes: []Outcome{{Kind: Abandoned}}},
		"some": {
			outcomes: mixed[:4],
			want: `2 of 4 submissions failed; the first:
  4.1 sum.py rejected: 503 Service Unavailable: queue_full
  3.1 sum.py wrong: verdict TimeLimit instead of OK (executor's id x7)
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			if err := WriteFailures(&got, Summarize(Frame{}, tc.outcomes)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got.String()); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteComparison(t *testing.T) {
	var got strings.Builder
	three := Named{Name: "three", Summary: Summarize(Frame{Participants: 4}, right(4))}
	ten := Named{Name: "ten", Summary: Summarize(Frame{Participants: 4}, right(1))}
	if err := WriteComparison(&got, three, ten); err != nil {
		t.Fatal(err)
	}
	want := `
                          three   ten     ratio
participants              4       4
right                     4/4     1/1
wrong answers             0       0
rejected (503)            0       0
refused (other errors)    0       0
lost (no answer)          0       0
wait p50                  2.0 s   1.0 s   0.50
wait p95                  4.0 s   1.0 s   0.25
wait p99                  4.0 s   1.0 s   0.25
wait max                  4.0 s   1.0 s   0.25
total p95                 5.0 s   2.0 s   0.40
time to the last answer   5.0 s   2.0 s   0.40
verdicts per second       0.8     0.5
`
	if diff := cmp.Diff(want, "\n"+got.String()); diff != "" {
		t.Errorf("comparison (-want +got):\n%s", diff)
	}
}

func TestCheckImprovement(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after []Outcome
		want          string
	}{
		"more than halved": {before: right(5), after: right(2)},
		"just halved": {
			before: right(4), after: right(2),
			want: "after: p95 wait in the queue is 2.0 s, not below 0.5 times the 4.0 s of before",
		},
		"wrong before": {
			before: mixed, after: right(1),
			want: "before: 2 of 7 submissions are right: every one must be before waits compare",
		},
		"wrong after": {
			before: right(9), after: mixed,
			want: "after: 2 of 7 submissions are right: every one must be before waits compare",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := CheckImprovement(
				Named{Name: "before", Summary: Summarize(Frame{}, tc.before)},
				Named{Name: "after", Summary: Summarize(Frame{}, tc.after)}, 0.5); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
