package server

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
)

// submit posts a submission and returns the status of the response.
func submit(t *testing.T, url string, header ...string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+api.PathExecute, strings.NewReader(`{"language": "c", "source": "x"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(api.HeaderContentType, api.ContentTypeJSON)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func readTotals(t *testing.T, url string) (totals api.Totals) {
	t.Helper()
	response, err := http.Get(url + api.PathTotals)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&totals); err != nil {
		t.Fatal(err)
	}
	return totals
}

// TestTotalsLeaveOutCanaries submits with a slot that answers, and with none.
func TestTotalsLeaveOutCanaries(t *testing.T) {
	s := newServer(fixedSlots{slots: 1})
	url := serve(t, s)
	ctx, stop := context.WithCancel(t.Context())
	judged := make(chan struct{})
	go func() {
		defer close(judged)
		verdicts := []api.Verdict{api.OK, api.TimeLimit, api.OK, api.OK}
		for _, v := range verdicts {
			taken, err := s.cfg.Queue.Pop(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			taken.Value.Answer(job.Outcome{Disposition: job.Ran, Result: api.Result{Verdict: v}, Held: 30 * time.Millisecond, Waited: 2 * time.Second})
		}
	}()
	for range 3 {
		if got := submit(t, url); got != http.StatusOK {
			t.Fatalf("status %d", got)
		}
	}
	if got := submit(t, url, api.HeaderPurpose, api.PurposeCanary); got != http.StatusOK {
		t.Fatalf("canary: status %d", got)
	}
	<-judged
	stop()
	// No slot takes these submissions.
	for _, header := range [][]string{{api.HeaderQueue, "none"}, {}, {api.HeaderQueue, "none", api.HeaderPurpose, api.PurposeCanary}} {
		if got := submit(t, url, header...); got != http.StatusServiceUnavailable {
			t.Fatalf("status %d with header %v and no slot", got, header)
		}
	}
	got := readTotals(t, url)
	want := api.Totals{
		Process: s.idPrefix[:8], Accepted: 4, Answered: 4, Verdicts: map[api.Verdict]uint64{api.OK: 2, api.TimeLimit: 1}, ServedMillis: 90,
		Rejections: map[string]uint64{api.ReasonNoFreeSlot: 1, api.ReasonQueueTimeout: 1}, Waits: [][2]uint64{{uint64(api.WaitBucket(2 * time.Second)), 3}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(api.Totals{}, "UptimeMillis", "DeepestQueue")); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if got.DeepestQueue != 1 {
		t.Errorf("the deepest queue of the last two seconds is %d, want the one that expired", got.DeepestQueue)
	}
}

func TestWaitBucketsAreFivePercentWide(t *testing.T) {
	for _, wait := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, 10 * time.Millisecond, 2 * time.Second, 30 * time.Second, 30 * time.Minute, 3000 * time.Second} {
		i := api.WaitBucket(wait)
		if wait > api.WaitBound(i)+time.Microsecond || (i > 0 && wait < api.WaitBound(i-1)-time.Microsecond) {
			t.Errorf("%v is in bucket %d, which holds up to %v", wait, i, api.WaitBound(i))
		}
		if i > 0 {
			if width := float64(api.WaitBound(i))/float64(api.WaitBound(i-1)) - 1; math.Abs(width-0.05) > 0.001 {
				t.Errorf("bucket %d is %.3f wide, want a twentieth", i, width)
			}
		}
	}
	if got := api.WaitBucket(100 * time.Hour); got != api.WaitBuckets-1 {
		t.Errorf("100 h are in bucket %d, want the last", got)
	}
}
