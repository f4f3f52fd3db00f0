package queue

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bubble runs a test in a bubble of testing/synctest, where the real clock shows virtual time.
func bubble(t *testing.T, test func(t *testing.T, q *Queue[int], expired *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		test(t, New(3, RealClock{}, nil, r.add), r)
	})
}

type recorder struct {
	mu     sync.Mutex
	values []int
}

func (r *recorder) add(v int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.values = append(r.values, v)
}

func (r *recorder) all() []int {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.values
}

func push(t *testing.T, q *Queue[int], v int, wait time.Duration) *Ticket[int] {
	t.Helper()
	ticket, err := q.Push(v, time.Now().Add(wait))
	if err != nil {
		t.Fatalf("push %d: %v", v, err)
	}
	return ticket
}

func pop(t *testing.T, q *Queue[int]) Popped[int] {
	t.Helper()
	item, err := q.Pop(t.Context())
	if err != nil {
		t.Fatalf("pop: %v", err)
	}
	return item
}

func TestQueuePopIsFirstInFirstOut(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		for i := range 3 {
			push(t, q, i, time.Minute)
			time.Sleep(time.Second)
		}
		if q.Depth() != 3 || q.Oldest() != 3*time.Second {
			t.Errorf("depth %d, oldest %s", q.Depth(), q.Oldest())
		}
		for i := range 3 {
			want := Popped[int]{Value: i, Waited: time.Duration(3-i) * time.Second}
			if diff := cmp.Diff(want, pop(t, q)); diff != "" {
				t.Errorf("popped (-want +got):\n%s", diff)
			}
		}
		if q.Depth() != 0 || q.Oldest() != 0 || len(expired.all()) != 0 {
			t.Errorf("depth %d, oldest %s, expired %v", q.Depth(), q.Oldest(), expired.values)
		}
	})
}

func TestQueuePushRefusesWhenFull(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		for i := range 3 {
			push(t, q, i, time.Minute)
		}
		if _, err := q.Push(3, time.Now().Add(time.Minute)); !errors.Is(err, ErrFull) {
			t.Errorf("error is %v, want ErrFull", err)
		}
		pop(t, q)
		push(t, q, 4, time.Minute)
	})
}

func TestQueueItemExpiresOnceAndIsNotPopped(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		push(t, q, 1, 3*time.Second)
		push(t, q, 2, time.Second) // deadlines need not be in order
		push(t, q, 3, time.Minute)
		time.Sleep(3 * time.Second)
		if diff := cmp.Diff([]int{2, 1}, expired.all()); diff != "" {
			t.Errorf("expired (-want +got):\n%s", diff)
		}
		if got := pop(t, q); got.Value != 3 {
			t.Errorf("popped %d, want 3", got.Value)
		}
	})
}

// lateClock never fires a timer, which is the worst case of a late timer.
type lateClock struct{ RealClock }

func (lateClock) AfterFunc(time.Duration, func()) Timer { return time.NewTimer(time.Hour) }

func TestQueuePopExpiresItemsWithLateTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := new(recorder)
		q := New(3, lateClock{}, nil, r.add)
		push(t, q, 1, time.Second)
		push(t, q, 2, time.Minute)
		time.Sleep(2 * time.Second)
		if got := pop(t, q); got.Value != 2 {
			t.Errorf("popped %d, want 2", got.Value)
		}
		if diff := cmp.Diff([]int{1}, r.all()); diff != "" {
			t.Errorf("expired (-want +got):\n%s", diff)
		}
	})
}

func TestTicketRemoveRemovesOnce(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		first, second := push(t, q, 1, time.Second), push(t, q, 2, time.Minute)
		if !first.Remove() || first.Remove() {
			t.Error("Remove must succeed exactly once")
		}
		time.Sleep(2 * time.Second)
		if got := pop(t, q); got.Value != 2 || len(expired.all()) != 0 {
			t.Errorf("popped %d, expired %v", got.Value, expired.values)
		}
		if second.Remove() {
			t.Error("removed a popped item")
		}
	})
}

func TestQueuePushDeliversToAWaitingPop(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		got := make(chan int, 1)
		go func() {
			item, err := q.Pop(t.Context())
			if err == nil {
				got <- item.Value
			}
		}()
		synctest.Wait()
		push(t, q, 7, time.Minute)
		if q.Depth() != 0 {
			t.Error("a delivered item counts as waiting")
		}
		if v := <-got; v != 7 {
			t.Errorf("popped %d, want 7", v)
		}
		if _, err := q.Offer(8); !errors.Is(err, ErrBusy) {
			t.Errorf("offer without a waiting Pop: %v, want ErrBusy", err)
		}
	})
}

func TestQueuePopEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := q.Pop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		push(t, q, 1, time.Minute)
		if q.Depth() != 1 {
			t.Error("the item went to a caller that had left")
		}
	})
}

func TestQueueCloseKeepsTheWaitingItems(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		push(t, q, 1, time.Minute)
		q.Close()
		if _, err := q.Push(2, time.Now().Add(time.Minute)); !errors.Is(err, ErrClosed) {
			t.Errorf("push: %v, want ErrClosed", err)
		}
		if got := pop(t, q); got.Value != 1 {
			t.Errorf("popped %d, want 1", got.Value)
		}
		if _, err := q.Pop(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("pop: %v, want ErrClosed", err)
		}
	})
}

func TestQueueCloseEndsWaitingPops(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], _ *recorder) {
		ended := make(chan error, 1)
		go func() {
			_, err := q.Pop(t.Context())
			ended <- err
		}()
		synctest.Wait()
		q.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("error is %v, want ErrClosed", err)
		}
	})
}

func TestQueueClearReturnsTheItemsWithoutExpiry(t *testing.T) {
	bubble(t, func(t *testing.T, q *Queue[int], expired *recorder) {
		push(t, q, 1, time.Second)
		push(t, q, 2, time.Second)
		if diff := cmp.Diff([]int{1, 2}, q.Clear()); diff != "" {
			t.Errorf("cleared (-want +got):\n%s", diff)
		}
		time.Sleep(2 * time.Second)
		if q.Depth() != 0 || len(expired.all()) != 0 {
			t.Errorf("depth %d, expired %v", q.Depth(), expired.values)
		}
	})
}

// TestQueueEveryItemLeavesOnce pushes, pops, removes and expires thousands of items concurrently on
// the real clock and counts how often each leaves the queue. Depth must stay between 0 and the
// capacity.
func TestQueueEveryItemLeavesOnce(t *testing.T) {
	const producers, each, consumers, capacity = 16, 500, 8, 64
	var left [producers * each]atomic.Int32
	var expired atomic.Int64
	q := New(capacity, RealClock{}, nil, func(v int) {
		left[v].Add(1)
		expired.Add(1)
	})
	var poppers, pushers sync.WaitGroup
	for range consumers {
		poppers.Go(func() {
			for {
				item, err := q.Pop(context.Background())
				if err != nil {
					return
				}
				left[item.Value].Add(1)
			}
		})
	}
	for p := range producers {
		pushers.Go(func() {
			for i := range each {
				v := p*each + i
				ticket, err := q.Push(v, time.Now().Add(time.Duration(v%7)*50*time.Microsecond))
				if err != nil {
					left[v].Add(1) // refused, which counts as leaving
					continue
				}
				if v%5 == 0 && ticket.Remove() {
					left[v].Add(1)
				}
				if d := q.Depth(); d < 0 || d > capacity {
					t.Errorf("depth %d", d)
				}
			}
		})
	}
	pushers.Wait()
	q.Close()
	poppers.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for v := range left {
		// The calls of expire run in their own goroutines and may not have finished.
		for left[v].Load() == 0 && time.Now().Before(deadline) {
			runtime.Gosched()
		}
		if n := left[v].Load(); n != 1 {
			t.Fatalf("item %d left %d times", v, n)
		}
	}
}
