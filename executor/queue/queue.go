package queue

import (
	"context"
	"errors"
	"sync"
	"time"
)

var (
	// ErrFull says that as many items wait as the queue holds.
	ErrFull = errors.New("queue is full")
	// ErrBusy says that nobody waits in Pop, so that Offer cannot hand over.
	ErrBusy = errors.New("nobody is free to take the item")
	// ErrClosed says that the queue takes no more items (Push, Offer) or is closed and empty (Pop).
	ErrClosed = errors.New("queue is closed")
)

// Queue is safe for use by any number of goroutines. Use New.
type Queue[T any] struct {
	capacity int
	clock    Clock
	expire   func(T)

	mu     sync.Mutex
	line   line[T]
	takers []*taker[T] // in order of arrival, so that work spreads over all of them
	// reserved items wait for one taker and may come back; see Reserve.
	reserved int
	closed   bool
	cleared  bool
}

// Taken is an item handed out by Pop.
type Taken[T any] struct {
	Value T
	// Waited is how long the item was in the queue.
	Waited time.Duration
}

type taker[T any] struct {
	hand chan Taken[T] // buffered: Push never waits for the taker to wake up
}

// New makes a queue that holds capacity waiting items. expire is called once for each item whose deadline passed while it
// waited, from a goroutine of its own and without any lock held.
func New[T any](capacity int, clock Clock, expire func(T)) *Queue[T] {
	return &Queue[T]{capacity: capacity, clock: clock, expire: expire}
}

// Push hands v to somebody who waits in Pop, or puts it at the end to wait until deadline. It never blocks: a full queue
// is ErrFull, a closed one ErrClosed.
func (q *Queue[T]) Push(v T, deadline time.Time) (*Ticket[T], error) {
	return q.put(v, deadline, true)
}

// Offer is Push for an item that must not wait: ErrBusy when nobody is in Pop.
func (q *Queue[T]) Offer(v T) (*Ticket[T], error) {
	return q.put(v, time.Time{}, false)
}

func (q *Queue[T]) put(v T, deadline time.Time, wait bool) (*Ticket[T], error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	t := &Ticket[T]{queue: q, value: v}
	if len(q.takers) > 0 {
		q.handLocked(Taken[T]{Value: v})
		return t, nil
	}
	if !wait {
		return nil, ErrBusy
	}
	if q.line.n+q.reserved >= q.capacity {
		return nil, ErrFull
	}
	t.pushed, t.deadline = q.clock.Now(), deadline
	q.line.add(t)
	t.timer = q.clock.AfterFunc(deadline.Sub(t.pushed), t.expired)
	return t, nil
}

// handLocked gives an item to who has waited longest in Pop.
func (q *Queue[T]) handLocked(taken Taken[T]) {
	first := q.takers[0]
	q.takers[0] = nil
	q.takers = q.takers[1:]
	first.hand <- taken
}

func (t *Ticket[T]) expired() {
	if t.leave() {
		t.queue.expire(t.value)
	}
}

// Remove gives the place up. True: the item was waiting and nobody will ever take it. False: it was taken or expired.
func (t *Ticket[T]) Remove() bool {
	if !t.leave() {
		return false
	}
	t.timer.Stop()
	return true
}

func (t *Ticket[T]) leave() bool {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	return t.queue.line.remove(t)
}

// Pop hands out the item that has waited longest, or waits for one. It returns ctx's error when ctx ends first, and
// ErrClosed when the queue is closed and nothing waits any more.
func (q *Queue[T]) Pop(ctx context.Context) (Taken[T], error) {
	var none Taken[T]
	if err := ctx.Err(); err != nil {
		return none, err
	}
	q.mu.Lock()
	if taken, ok := q.takeLocked(); ok {
		q.mu.Unlock()
		return taken, nil
	}
	if q.closed {
		q.mu.Unlock()
		return none, ErrClosed
	}
	me := &taker[T]{hand: make(chan Taken[T], 1)}
	q.takers = append(q.takers, me)
	q.mu.Unlock()

	select {
	case taken, ok := <-me.hand:
		if !ok {
			return none, ErrClosed
		}
		return taken, nil
	case <-ctx.Done():
	}
	if q.leave(me) {
		return none, ctx.Err()
	}
	// Push or Close was faster: what is in the hand must not be lost.
	taken, ok := <-me.hand
	if !ok {
		return none, ErrClosed
	}
	return taken, nil
}

func (q *Queue[T]) takeLocked() (Taken[T], bool) {
	t := q.headLocked()
	if t == nil {
		return Taken[T]{}, false
	}
	q.line.remove(t)
	t.timer.Stop()
	return Taken[T]{Value: t.value, Waited: q.clock.Now().Sub(t.pushed)}, true
}

// headLocked is the head that has time left, past those whose deadline is over and whose timer has not come to it yet.
func (q *Queue[T]) headLocked() *Ticket[T] {
	now := q.clock.Now()
	for t := q.line.head; t != nil; t = q.line.head {
		if now.Before(t.deadline) {
			return t
		}
		// The timer's goroutine finds nothing to remove, so this is the one call of expire.
		q.line.remove(t)
		t.timer.Stop()
		go q.expire(t.value)
	}
	return nil
}

// Reserve takes the head for somebody who will have need of it in a moment, if there is one and it suits; nil otherwise. Until
// the caller says Take or Return, which it must soon, the item counts as waiting, but neither expires nor can be removed.
func (q *Queue[T]) Reserve(suits func(T) bool) *Ticket[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.headLocked()
	if t == nil || !suits(t.value) {
		return nil
	}
	q.line.remove(t)
	t.timer.Stop()
	q.reserved++
	return t
}

// Value is the item.
func (t *Ticket[T]) Value() T { return t.value }

// Take ends the wait of a reserved item.
func (t *Ticket[T]) Take() Taken[T] {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reserved--
	return Taken[T]{Value: t.value, Waited: q.clock.Now().Sub(t.pushed)}
}

// Return lets a reserved item wait on, before all others and until its old deadline. False: the queue was cleared meanwhile, and
// what becomes of the item is the caller's to say.
func (t *Ticket[T]) Return() bool {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reserved--
	if q.cleared {
		return false
	}
	now := q.clock.Now()
	switch left := t.deadline.Sub(now); {
	case left <= 0:
		go q.expire(t.value)
	case len(q.takers) > 0:
		q.handLocked(Taken[T]{Value: t.value, Waited: now.Sub(t.pushed)})
	default:
		q.line.addFirst(t)
		t.timer = q.clock.AfterFunc(left, t.expired)
	}
	return true
}

func (q *Queue[T]) leave(me *taker[T]) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.takers {
		if other == me {
			q.takers = append(q.takers[:i], q.takers[i+1:]...)
			return true
		}
	}
	return false
}

// Close refuses new items. Those that wait can still be taken; who waits in Pop for more is told ErrClosed.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.takers {
		close(t.hand)
	}
	q.takers = nil
}

// Clear removes everything that waits and is not reserved, for good, and returns it, the oldest first. The expire function is
// not told.
func (q *Queue[T]) Clear() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.cleared = true
	var all []T
	for t := q.line.head; t != nil; t = q.line.head {
		q.line.remove(t)
		t.timer.Stop()
		all = append(all, t.value)
	}
	return all
}

// Depth is how many items wait now.
func (q *Queue[T]) Depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.line.n + q.reserved
}

// Oldest is how long the head has waited; 0 when nothing waits. Reserved items, which wait only a moment longer, are left out.
func (q *Queue[T]) Oldest() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.line.head == nil {
		return 0
	}
	return q.clock.Now().Sub(q.line.head.pushed)
}

// Deadlines lists when each waiting item expires, the head first.
func (q *Queue[T]) Deadlines() []time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := make([]time.Time, 0, q.line.n)
	for t := q.line.head; t != nil; t = t.next {
		all = append(all, t.deadline)
	}
	return all
}

// Capacity is how many items can wait.
func (q *Queue[T]) Capacity() int { return q.capacity }

// Closed says whether Close was called.
func (q *Queue[T]) Closed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
