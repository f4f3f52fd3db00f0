package server

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

// TestClientOfServer holds the Go client of the API against this server.
func TestClientOfServer(t *testing.T) {
	s := newServer(fixedSlots{slots: 3, busy: 1})
	c, err := client.New(serve(t, s))
	if err != nil {
		t.Fatal(err)
	}
	state, err := c.State(t.Context())
	if err != nil || state.Slots != 3 || state.Busy != 1 || state.Tier != "Restricted" {
		t.Errorf("state %+v, %v", state, err)
	}
	languages, err := c.Languages(t.Context())
	if diff := cmp.Diff(s.cfg.Languages, languages); diff != "" || err != nil {
		t.Errorf("languages: %v (-want +got):\n%s", err, diff)
	}
	readiness, err := c.Ready(t.Context())
	if err != nil || !readiness.Ready || readiness.MinimumTier != "RestrictedLegacy" {
		t.Errorf("readiness %+v, %v", readiness, err)
	}
	if err := c.Healthz(t.Context()); err != nil {
		t.Error(err)
	}
	request := &api.Request{Language: "c", Source: "x"}
	for name, tc := range map[string]struct {
		request *api.Request
		options []client.ExecuteOption
		want    api.Problem
		retry   bool
	}{
		"waited too long":  {request, nil, api.Problem{Type: api.TypeUnavailable, Status: 503, Reason: api.ReasonQueueTimeout}, true},
		"canary":           {request, []client.ExecuteOption{client.AsCanary()}, api.Problem{Type: api.TypeUnavailable, Status: 503, Reason: api.ReasonQueueTimeout}, true},
		"no free slot":     {request, []client.ExecuteOption{client.WithoutQueue()}, api.Problem{Type: api.TypeUnavailable, Status: 503, Reason: api.ReasonNoFreeSlot}, true},
		"unknown language": {&api.Request{Language: "cobol", Source: "x"}, nil, api.Problem{Type: api.TypeUnknownLanguage, Status: 422, Field: "language"}, false},
		"invalid":          {&api.Request{Language: "c"}, nil, api.Problem{Type: api.TypeInvalidRequest, Status: 400, Field: "source"}, false},
		"too large":        {&api.Request{Language: "c", Source: string(make([]byte, 2000))}, nil, api.Problem{Type: api.TypeTooLarge, Status: 413}, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Execute(t.Context(), tc.request, tc.options...)
			answer, ok := errors.AsType[*client.AnswerError](err)
			if !ok || answer.Problem == nil {
				t.Fatalf("error %v, want a problem", err)
			}
			got := api.Problem{Type: answer.Problem.Type, Status: answer.Problem.Status, Field: answer.Problem.Field, Reason: answer.Problem.Reason}
			if diff := cmp.Diff(tc.want, got); diff != "" || answer.Status != tc.want.Status || (answer.RetryAfter > 0) != tc.retry {
				t.Errorf("%v, Retry-After %s (-want +got):\n%s", err, answer.RetryAfter, diff)
			}
		})
	}
	totals, err := c.Totals(t.Context())
	if err != nil || totals.Accepted != 1 || totals.Rejections[api.ReasonQueueTimeout] != 1 {
		t.Errorf("totals %+v, %v; want one submission, as the canary is not counted", totals, err)
	}
}

// TestClientOfServerThatIsNotReady asks a server that waits for its worker processes.
func TestClientOfServerThatIsNotReady(t *testing.T) {
	c, err := client.New(serve(t, newServer(fixedSlots{ready: errors.New("no worker process")})))
	if err != nil {
		t.Fatal(err)
	}
	readiness, err := c.Ready(t.Context())
	if err != nil || readiness.Ready || readiness.Reason != "no worker process" {
		t.Errorf("readiness %+v, %v", readiness, err)
	}
}

// TestClientLeavesServerInTheQueue ends the context of a submission that waits: the server gives up
// its place.
func TestClientLeavesServerInTheQueue(t *testing.T) {
	s := newServer(fixedSlots{slots: 1})
	s.cfg.QueueWait = time.Minute
	c, err := client.New(serve(t, s), client.WithHTTPClient(&http.Client{Transport: client.NewTransport()}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for s.cfg.Queue.Depth() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err = c.Execute(ctx, &api.Request{Language: "c", Source: "x"})
	failure, ok := errors.AsType[*client.ConnectionError](err)
	if !ok || !errors.Is(err, context.Canceled) || !failure.MayBeAccepted {
		t.Errorf("error %v, want the end of the context", err)
	}
	for end := time.Now().Add(10 * time.Second); s.cfg.Queue.Depth() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the submission still waits")
		}
	}
}
