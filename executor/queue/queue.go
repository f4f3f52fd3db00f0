package queue

import (
	"context"
	"errors"
	"sync"
	"time"
)

var (
	// ErrFull is the error of Push when the queue depth equals the capacity.
	ErrFull = errors.New("queue is full")
	// ErrBusy is the error of Offer when no caller waits in Pop.
	ErrBusy = errors.New("no caller waits for an item")
	// ErrClosed is the error of Push and Offer after Close, and of Pop when the queue is also
	// empty.
	ErrClosed = errors.New("queue is closed")
)

// Queue is a bounded queue of items with deadlines. It is safe for concurrent use. Create one with
// New.
type Queue[T any] struct {
	capacity int
	clock    Clock
	expire   func(T)

	mu      sync.Mutex
	order   Order[T]
	waiters []*waiter[T] // in order of arrival, so that no caller of Pop starves
	// reserved is the number of reserved items; see Reserve.
	reserved int
	closed   bool
	cleared  bool
}

// Popped is an item that has left the queue.
type Popped[T any] struct {
	Value T
	// Waited is the queue wait of the item.
	Waited time.Duration
}

// waiter is a caller that waits in Pop.
type waiter[T any] struct {
	delivery chan Popped[T] // buffered, so that Push does not block
}

// New returns a queue that holds up to capacity waiting items and pops them in the given order. The
// order must be empty, and the caller must not use it afterwards; nil is a new FIFO. The queue
// calls expire once for each item whose deadline passes while the item waits, from a goroutine of
// its own and without a lock held.
func New[T any](capacity int, clock Clock, order Order[T], expire func(T)) *Queue[T] {
	if order == nil {
		order = new(FIFO[T])
	}
	return &Queue[T]{capacity: capacity, clock: clock, order: order, expire: expire}
}

// Push delivers v to a caller that waits in Pop, or adds it to the queue, where it waits until
// deadline. Push does not block. It returns ErrFull or ErrClosed.
func (q *Queue[T]) Push(v T, deadline time.Time) (*Ticket[T], error) {
	return q.enqueue(v, deadline, true)
}

// Offer is Push for an item that must not wait. It returns ErrBusy when no caller waits in Pop.
func (q *Queue[T]) Offer(v T) (*Ticket[T], error) {
	return q.enqueue(v, time.Time{}, false)
}

// enqueue is Push if the item may wait, and Offer if not.
func (q *Queue[T]) enqueue(v T, deadline time.Time, mayWait bool) (*Ticket[T], error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	t := &Ticket[T]{queue: q, value: v}
	if len(q.waiters) > 0 {
		// The order is empty. It sees the item nevertheless, so that a fair order can charge its
		// owner.
		q.order.Push(t)
		q.order.Pop()
		q.deliverLocked(Popped[T]{Value: v})
		return t, nil
	}
	if !mayWait {
		return nil, ErrBusy
	}
	if q.order.Len()+q.reserved >= q.capacity {
		return nil, ErrFull
	}
	t.pushed, t.deadline, t.waiting = q.clock.Now(), deadline, true
	q.order.Push(t)
	t.timer = q.clock.AfterFunc(deadline.Sub(t.pushed), t.expired)
	return t, nil
}

// deliverLocked delivers the item to the caller that has waited longest in Pop.
func (q *Queue[T]) deliverLocked(item Popped[T]) {
	first := q.waiters[0]
	q.waiters[0] = nil
	q.waiters = q.waiters[1:]
	first.delivery <- item
}

// expired is called by the timer of the item at its deadline.
func (t *Ticket[T]) expired() {
	if t.withdraw() {
		t.queue.expire(t.value)
	}
}

// Remove removes a waiting item, so that Pop never returns it. It reports whether the item was
// waiting; an item that was popped, reserved or has expired was not.
func (t *Ticket[T]) Remove() bool {
	if !t.withdraw() {
		return false
	}
	t.timer.Stop()
	return true
}

// withdraw removes a waiting item from the order. It reports whether the item was waiting.
func (t *Ticket[T]) withdraw() bool {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	if !t.waiting {
		return false
	}
	t.waiting = false
	t.queue.order.Remove(t)
	return true
}

// Pop removes and returns the next item in the order, or waits for one. It returns the error of ctx
// when ctx ends first, and ErrClosed when the queue is closed and empty.
func (q *Queue[T]) Pop(ctx context.Context) (Popped[T], error) {
	var none Popped[T]
	if err := ctx.Err(); err != nil {
		return none, err
	}
	q.mu.Lock()
	if t := q.headLocked(); t != nil {
		item := q.popLocked().popped()
		q.mu.Unlock()
		return item, nil
	}
	if q.closed {
		q.mu.Unlock()
		return none, ErrClosed
	}
	w := &waiter[T]{delivery: make(chan Popped[T], 1)}
	q.waiters = append(q.waiters, w)
	q.mu.Unlock()

	select {
	case item, ok := <-w.delivery:
		if !ok {
			return none, ErrClosed
		}
		return item, nil
	case <-ctx.Done():
	}
	if q.removeWaiter(w) {
		return none, ctx.Err()
	}
	// Push or Close was faster: an item that was delivered must not be lost.
	item, ok := <-w.delivery
	if !ok {
		return none, ErrClosed
	}
	return item, nil
}

// popLocked pops the next item, which the order has.
func (q *Queue[T]) popLocked() *Ticket[T] {
	t := q.order.Pop()
	t.waiting = false
	t.timer.Stop()
	return t
}

// popped returns the item with its queue wait until now.
func (t *Ticket[T]) popped() Popped[T] {
	return Popped[T]{Value: t.value, Waited: t.queue.clock.Now().Sub(t.pushed)}
}

// headLocked returns the first item whose deadline has not passed. It removes the expired items
// before it, whose timers are late.
func (q *Queue[T]) headLocked() *Ticket[T] {
	now := q.clock.Now()
	for t := q.order.Peek(); t != nil; t = q.order.Peek() {
		if now.Before(t.deadline) {
			return t
		}
		// The timer's goroutine will find nothing to remove, so expire is called once.
		t.waiting = false
		q.order.Remove(t)
		t.timer.Stop()
		go q.expire(t.value)
	}
	return nil
}

// removeWaiter reports whether w was still waiting.
func (q *Queue[T]) removeWaiter(w *waiter[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.waiters {
		if other == w {
			q.waiters = append(q.waiters[:i], q.waiters[i+1:]...)
			return true
		}
	}
	return false
}

// Close makes the queue refuse new items. Pop still returns the waiting items. Callers that wait in
// Pop get ErrClosed.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.waiters {
		close(t.delivery)
	}
	q.waiters = nil
}

// Clear removes all waiting items that are not reserved and returns them, the head first. It does
// not call the expire function.
func (q *Queue[T]) Clear() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.cleared = true
	var all []T
	for q.order.Len() > 0 {
		all = append(all, q.popLocked().value)
	}
	return all
}

// Depth returns the number of waiting items, reserved ones included.
func (q *Queue[T]) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.order.Len() + q.reserved
}

// Oldest returns the longest time that a waiting item has waited; 0 for an empty queue. Reserved
// items, which leave the queue within milliseconds, are not considered.
func (q *Queue[T]) Oldest() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	oldest := now
	for t := range q.order.All() {
		if t.pushed.Before(oldest) {
			oldest = t.pushed
		}
	}
	return now.Sub(oldest)
}

// Deadlines returns the deadlines of the waiting items in the sequence of Order.All.
func (q *Queue[T]) Deadlines() []time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]time.Time, 0, q.order.Len())
	for t := range q.order.All() {
		all = append(all, t.deadline)
	}
	return all
}

// Capacity returns the highest number of waiting items.
func (q *Queue[T]) Capacity() int { return q.capacity }

// Closed reports whether Close was called.
func (q *Queue[T]) Closed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
