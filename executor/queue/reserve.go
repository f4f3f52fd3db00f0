package queue

// Reserve reserves the head of the queue for a caller that expects to need it within milliseconds.
// It returns nil when the queue is empty or accepts refuses the head. A reserved item counts as
// waiting, but it neither expires nor can be removed. The caller must call Claim or Return.
func (q *Queue[T]) Reserve(accepts func(T) bool) *Ticket[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.headLocked()
	if t == nil || !accepts(t.value) {
		return nil
	}
	q.popLocked()
	q.reserved++
	return t
}

// Claim pops a reserved item.
func (t *Ticket[T]) Claim() Popped[T] {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reserved--
	return t.popped()
}

// Return puts a reserved item back to the head of the queue with its old deadline. It reports false
// when Clear was called since the reservation; the caller then still owns the item.
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
	case len(q.waiters) > 0:
		q.order.PushFront(t)
		q.order.Pop()
		q.deliverLocked(Popped[T]{Value: t.value, Waited: now.Sub(t.pushed)})
	default:
		q.order.PushFront(t)
		t.waiting = true
		t.timer = q.clock.AfterFunc(left, t.expired)
	}
	return true
}
