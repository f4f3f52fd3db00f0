package queue

import "time"

// Ticket is the place of one item in the queue. The owner of the item uses it to remove the item.
type Ticket[T any] struct {
	queue      *Queue[T]
	value      T
	pushed     time.Time
	deadline   time.Time
	timer      Timer
	prev, next *Ticket[T]
	waiting    bool
}

// line is the order of the waiting items. It is a doubly linked list through the tickets, so that
// removal takes constant time and adding an item allocates nothing but its ticket.
type line[T any] struct {
	head, tail *Ticket[T]
	n          int
}

func (l *line[T]) pushBack(t *Ticket[T]) {
	t.prev, t.next, t.waiting = l.tail, nil, true
	if l.tail == nil {
		l.head = t
	} else {
		l.tail.next = t
	}
	l.tail = t
	l.n++
}

func (l *line[T]) pushFront(t *Ticket[T]) {
	t.prev, t.next, t.waiting = nil, l.head, true
	if l.head == nil {
		l.tail = t
	} else {
		l.head.prev = t
	}
	l.head = t
	l.n++
}

// remove removes t. It reports whether t was waiting.
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
