package rehearse

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/rehearse/plan"
	"executorpool.dev/rehearse/program"
	"executorpool.dev/rehearse/summary"
)

// delayed answers each request after a time and without a network, so that the virtual clock of
// synctest runs.
type delayed struct {
	after   time.Duration
	answers []http.HandlerFunc
	asked   []time.Duration
	start   time.Time
}

func (d *delayed) RoundTrip(r *http.Request) (*http.Response, error) {
	d.asked = append(d.asked, time.Since(d.start))
	answer := d.answers[min(len(d.asked), len(d.answers))-1]
	if !pause(r.Context(), d.after) {
		return nil, r.Context().Err()
	}
	io.Copy(io.Discard, r.Body)
	recorder := httptest.NewRecorder()
	answer(recorder, r)
	return recorder.Result(), nil
}

func TestPlayKeepsTime(t *testing.T) {
	ok, full := verdict(api.OK, ""), rejection("3")
	for name, tc := range map[string]struct {
		participant plan.Participant
		// after is the time until the answer of the pool.
		after   time.Duration
		answers []http.HandlerFunc
		retries int
		timeout time.Duration
		// interrupt is when the rehearsal is interrupted.
		interrupt time.Duration
		wantAsked []time.Duration
		want      []summary.Outcome
	}{
		"arrival and think time": {
			participant: plan.Participant{Arrival: 5 * time.Second, Steps: []plan.Step{{}, {Think: 7 * time.Second}}},
			after:       2 * time.Second, answers: []http.HandlerFunc{ok},
			wantAsked: []time.Duration{5 * time.Second, 14 * time.Second},
			want: []summary.Outcome{
				{Kind: summary.Right, Latency: 2 * time.Second, Finished: 7 * time.Second},
				{Kind: summary.Right, Latency: 2 * time.Second, Finished: 16 * time.Second},
			},
		},
		"no retry unless asked for": {
			participant: plan.Participant{Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{full, ok},
			wantAsked: []time.Duration{0},
			want:      []summary.Outcome{{Kind: summary.Rejected}},
		},
		"retries after the time asked for": {
			participant: plan.Participant{Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{full, full, ok}, retries: 2,
			after:     time.Second,
			wantAsked: []time.Duration{0, 4 * time.Second, 8 * time.Second},
			want:      []summary.Outcome{{Kind: summary.Right, Retries: 2, Latency: 9 * time.Second, Finished: 9 * time.Second}},
		},
		"no more retries than asked for": {
			participant: plan.Participant{Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{full}, retries: 1,
			wantAsked: []time.Duration{0, 3 * time.Second},
			want:      []summary.Outcome{{Kind: summary.Rejected, Retries: 1, Latency: 3 * time.Second, Finished: 3 * time.Second}},
		},
		"no retry that would pass the timeout": {
			participant: plan.Participant{Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{full}, retries: 9,
			timeout:   5 * time.Second,
			wantAsked: []time.Duration{0, 3 * time.Second},
			want:      []summary.Outcome{{Kind: summary.Rejected, Retries: 1, Latency: 3 * time.Second, Finished: 3 * time.Second}},
		},
		"lost at the timeout": {
			participant: plan.Participant{Steps: []plan.Step{{}, {}}}, answers: []http.HandlerFunc{ok},
			after: time.Hour, timeout: 5 * time.Second,
			wantAsked: []time.Duration{0, 5 * time.Second},
			want: []summary.Outcome{
				{Kind: summary.Lost, Latency: 5 * time.Second, Finished: 5 * time.Second},
				{Kind: summary.Lost, Latency: 5 * time.Second, Finished: 10 * time.Second},
			},
		},
		"interrupted while it waits for an answer": {
			participant: plan.Participant{Steps: []plan.Step{{}, {}}}, answers: []http.HandlerFunc{ok},
			after: 10 * time.Second, interrupt: 12 * time.Second,
			wantAsked: []time.Duration{0, 10 * time.Second},
			want: []summary.Outcome{
				{Kind: summary.Right, Latency: 10 * time.Second, Finished: 10 * time.Second},
				{Kind: summary.Abandoned, Latency: 2 * time.Second, Finished: 12 * time.Second},
			},
		},
		"interrupted while it thinks": {
			participant: plan.Participant{Steps: []plan.Step{{}, {Think: time.Hour}}}, answers: []http.HandlerFunc{ok},
			interrupt: time.Minute,
			wantAsked: []time.Duration{0},
			want:      []summary.Outcome{{Kind: summary.Right}, {Kind: summary.Abandoned, Finished: time.Minute}},
		},
		"interrupted before it arrives": {
			participant: plan.Participant{Arrival: time.Hour, Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{ok},
			interrupt: time.Minute,
			want:      []summary.Outcome{{Kind: summary.Abandoned, Finished: time.Minute}},
		},
		"interrupted before a retry": {
			participant: plan.Participant{Steps: []plan.Step{{}}}, answers: []http.HandlerFunc{full}, retries: 5,
			interrupt: time.Second,
			wantAsked: []time.Duration{0},
			want:      []summary.Outcome{{Kind: summary.Abandoned, Latency: time.Second, Finished: time.Second}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tc.interrupt > 0 {
					time.AfterFunc(tc.interrupt, cancel)
				}
				transport := &delayed{after: tc.after, answers: tc.answers, start: time.Now()}
				p := &player{
					programs:  []program.Program{{Name: "p.py", Language: "python3", Verdict: api.OK}},
					bodies:    [][]byte{[]byte("{}")},
					url:       "http://pool",
					timeout:   cmp.Or(tc.timeout, 2*time.Minute),
					retries:   tc.retries,
					transport: func() http.RoundTripper { return transport },
					tally:     &tally{},
					start:     time.Now(),
				}
				got := p.play(ctx, []plan.Participant{tc.participant})
				for i := range got {
					got[i] = summary.Outcome{Kind: got[i].Kind, Retries: got[i].Retries,
						Latency: got[i].Latency, Finished: got[i].Finished}
				}
				if diff := gocmp.Diff(tc.want, got); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
				if diff := gocmp.Diff(tc.wantAsked, transport.asked); diff != "" {
					t.Errorf("times of the requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}
