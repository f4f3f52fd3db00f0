package queue

import "time"

// Ticket is an item's place in the queue. Its owner keeps it to be able to give the place up.
type Ticket[T any] struct {
	queue      *Queue[T]
	value      T
	pushed     time.Time
	deadline   time.Time
	timer      Timer
	prev, next *Ticket[T]
	waiting    bool
}

// line is the order of the waiting items: a doubly linked list through the tickets, so that an item in the middle can
// leave at once and no allocation is made besides the ticket.
type line[T any] struct {
	head, tail *Ticket[T]
	n          int
}

func (l *line[T]) add(t *Ticket[T]) {
	t.prev, t.next, t.waiting = l.tail, nil, true
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
	l.n++
}

// addFirst puts t before all others.
func (l *line[T]) addFirst(t *Ticket[T]) {
	t.prev, t.next, t.waiting = nil, l.head, true
	if l.head == nil {
		l.tail = t
	} else {
		l.head.prev = t
	}
	l.head = t
	l.n++
}

// remove takes t out; false when it is not waiting any more.
func (l *line[T]) remove(t *Ticket[T]) bool {
	if !t.waiting {
		return false
	}
	if t.prev == nil {
		l.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		l.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next, t.waiting = nil, nil, false
	l.n--
	return true
}
