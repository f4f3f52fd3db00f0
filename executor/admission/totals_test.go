package admission

import (
	"testing"
	"testing/synctest"
	"time"

	"executorpool.dev/executor/queue"
)

// TestTotalsDeepestQueue counts acceptances at given times and reads the deepest queue of the last
// two seconds.
func TestTotalsDeepestQueue(t *testing.T) {
	type accepted struct {
		at    time.Duration
		depth int
	}
	for name, tc := range map[string]struct {
		accepted []accepted
		at       time.Duration
		now      int // the queue depth at the time of the document
		want     int
	}{
		"nothing accepted":         {nil, 0, 0, 0},
		"a queue that stays":       {nil, time.Hour, 7, 7},
		"same second":              {[]accepted{{0, 5}, {100 * time.Millisecond, 3}}, 500 * time.Millisecond, 0, 5},
		"two seconds later":        {[]accepted{{0, 5}, {time.Second, 3}}, 2 * time.Second, 1, 5},
		"three seconds later":      {[]accepted{{0, 5}, {time.Second, 3}}, 3 * time.Second, 1, 3},
		"long after":               {[]accepted{{0, 5}, {time.Second, 3}}, time.Hour, 1, 1},
		"rises within the window":  {[]accepted{{0, 1}, {time.Second, 4}, {2 * time.Second, 2}}, 2 * time.Second, 0, 4},
		"accepted after idle time": {[]accepted{{0, 5}, {time.Hour, 2}}, time.Hour, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now() // a bubble begins at a whole second
				totals := NewTotals(queue.RealClock{})
				for _, a := range tc.accepted {
					time.Sleep(a.at - time.Since(begun))
					totals.CountAccepted(a.depth)
				}
				time.Sleep(tc.at - time.Since(begun))
				if got := totals.Document(tc.now); got.DeepestQueue != tc.want {
					t.Errorf("the deepest queue is %d, want %d", got.DeepestQueue, tc.want)
				}
			})
		})
	}
}
