package queue

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func acceptAll(int) bool { return true }

func TestReturnedItemIsTheHead(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		first := push(t, q, 1, 2*time.Second)
		push(t, q, 2, time.Minute)
		if ticket := q.Reserve(func(v int) bool { return v == 2 }); ticket != nil {
			t.Errorf("reserved %d, which was not accepted", ticket.Value())
		}
		if got := q.Reserve(acceptAll); got != first {
			t.Fatalf("reserved %v, want the head", got)
		}
		if first.Remove() {
			t.Error("removed a reserved item")
		}
		time.Sleep(time.Second)
		if q.Depth() != 2 || !first.Return() {
			t.Errorf("depth %d, want 2", q.Depth())
		}
		if diff := cmp.Diff(Popped[int]{Value: 1, Waited: time.Second}, pop(t, q)); diff != "" {
			t.Errorf("popped (-want +got):\n%s", diff)
		}
		if got := expired.all(); len(got) > 0 {
			t.Errorf("expired %v", got)
		}
	})
}

func TestReservedItemExpiresOnReturnAfterItsDeadline(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		push(t, q, 1, time.Second)
		ticket := q.Reserve(acceptAll)
		time.Sleep(time.Second)
		if got := expired.all(); len(got) > 0 {
			t.Errorf("expired %v while it was reserved", got)
		}
		ticket.Return()
		if diff := cmp.Diff([]int{1}, expired.all()); diff != "" {
			t.Errorf("expired (-want +got):\n%s", diff)
		}
		if q.Depth() != 0 {
			t.Errorf("depth %d", q.Depth())
		}
	})
}

func TestReturnedItemIsDeliveredToAWaitingPop(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		push(t, q, 1, time.Minute)
		ticket := q.Reserve(acceptAll)
		got := make(chan Popped[int], 1)
		go func() { got <- pop(t, q) }()
		time.Sleep(time.Second)
		ticket.Return()
		if diff := cmp.Diff(Popped[int]{Value: 1, Waited: time.Second}, <-got); diff != "" {
			t.Errorf("popped (-want +got):\n%s", diff)
		}
	})
}

func TestReturnIsRefusedAfterClear(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		push(t, q, 1, time.Minute)
		ticket := q.Reserve(acceptAll)
		q.Close()
		if left := q.Clear(); len(left) > 0 || ticket.Return() || q.Depth() != 0 {
			t.Errorf("cleared %v, depth %d", left, q.Depth())
		}
	})
}
