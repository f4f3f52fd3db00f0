package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"executorpool.dev/executor/client"
	"executorpool.dev/rehearse/plan"
	"executorpool.dev/rehearse/program"
	"executorpool.dev/rehearse/summary"
)

// player plays a plan. While it plays, its fields do not change, except the tally.
type player struct {
	programs []program.Program
	// bodies are the encoded requests of the programs.
	bodies  [][]byte
	url     string
	timeout time.Duration
	retries int
	// transport returns the transport for one participant.
	transport func() http.RoundTripper
	tally     *tally
	start     time.Time
}

func encode(programs []program.Program) ([][]byte, error) {
	var bodies [][]byte
	for _, p := range programs {
		request := p.Request()
		body, err := client.Encode(&request)
		if err != nil {
			return nil, fmt.Errorf("encode program %s: %w", p.Name, err)
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// transports returns a source of transports. They use no proxy: the Service of a pool would spread
// the connections of the proxy over the replicas, not those of the participants.
func transports(connections Connections, participants int) func() http.RoundTripper {
	fresh := func(size int) *http.Transport {
		transport := client.NewTransport()
		// The timeout of the submission alone bounds the connection.
		transport.DialContext = new(net.Dialer).DialContext
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = size, size, size
		return transport
	}
	if connections == PerParticipant {
		return func() http.RoundTripper { return fresh(1) }
	}
	// The struct hides CloseIdleConnections: a participant who has ended must not close the
	// connections of the others.
	shared := struct{ http.RoundTripper }{fresh(participants)}
	return func() http.RoundTripper { return shared }
}

// play returns the outcome of every planned submission. When ctx ends, submissions without an
// answer are abandoned.
func (p *player) play(ctx context.Context, participants []plan.Participant) []summary.Outcome {
	outcomes := make([][]summary.Outcome, len(participants))
	var group sync.WaitGroup
	for i, participant := range participants {
		group.Go(func() { outcomes[i] = p.participate(ctx, i+1, participant) })
	}
	group.Wait()
	return slices.Concat(outcomes...)
}

// participate makes the submissions of one participant.
func (p *player) participate(ctx context.Context, number int, participant plan.Participant) []summary.Outcome {
	pool, err := client.New(p.url, client.WithHTTPClient(&http.Client{Transport: p.transport()}))
	if err != nil {
		// The configuration has been validated.
		panic(err)
	}
	defer pool.CloseIdleConnections()
	pause(ctx, participant.Arrival)
	var outcomes []summary.Outcome
	for i, step := range participant.Steps {
		pause(ctx, step.Think)
		chosen := p.programs[step.Program]
		outcome := summary.Outcome{
			Submission: fmt.Sprintf("%d.%d", number, i+1),
			Program:    chosen.Name,
			Language:   chosen.Language,
			Want:       string(chosen.Verdict),
			Kind:       summary.Abandoned,
		}
		if ctx.Err() == nil {
			p.tally.begin()
			p.submit(ctx, pool, step.Program, &outcome)
			p.tally.end(outcome.Kind)
		}
		outcome.Finished = time.Since(p.start)
		outcomes = append(outcomes, outcome)
	}
	return outcomes
}

// submit makes one submission with its retries, and sets its outcome.
func (p *player) submit(ctx context.Context, pool *client.Client, chosen int, outcome *summary.Outcome) {
	begun := time.Now()
	bounded, cancel := context.WithDeadline(ctx, begun.Add(p.timeout))
	defer cancel()
	got := exchange(bounded, pool, p.bodies[chosen])
	for got.kind == summary.Rejected && outcome.Retries < p.retries && time.Since(begun)+got.retryAfter < p.timeout {
		if !pause(bounded, got.retryAfter) {
			break
		}
		outcome.Retries++
		got = exchange(bounded, pool, p.bodies[chosen])
	}
	outcome.Latency = time.Since(begun)
	outcome.Kind, outcome.Cause = got.kind, got.cause
	switch {
	case got.kind == "":
		outcome.ExecutorID = got.result.ID
		outcome.Got = string(got.result.Verdict)
		outcome.QueueWait = time.Duration(got.result.QueueMillis) * time.Millisecond
		outcome.Kind, outcome.Cause = summary.Right, p.programs[chosen].Check(*got.result)
		if outcome.Cause != "" {
			outcome.Kind = summary.Wrong
		}
	case ctx.Err() != nil:
		outcome.Kind, outcome.Cause = summary.Abandoned, ""
	case got.kind == summary.Lost && errors.Is(bounded.Err(), context.DeadlineExceeded):
		outcome.Cause = fmt.Sprintf("no answer within %s", p.timeout)
	}
}

// pause waits, and reports whether the time passed before ctx ended.
func pause(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
