package queue

import "iter"

// FIFO is the order of arrival. The zero value is empty.
//
// It is a doubly linked list through the tickets, so that every operation takes constant time and
// none allocates. A ticket can be in one FIFO at a time; another Order can consist of several.
type FIFO[T any] struct {
	head, tail *Ticket[T]
	n          int
}

// Push implements Order.
func (f *FIFO[T]) Push(t *Ticket[T]) {
	t.prev, t.next = f.tail, nil
	if f.tail == nil {
		f.head = t
	} else {
		f.tail.next = t
	}
	f.tail = t
	f.n++
}

// PushFront implements Order.
func (f *FIFO[T]) PushFront(t *Ticket[T]) {
	t.prev, t.next = nil, f.head
	if f.head == nil {
		f.tail = t
	} else {
		f.head.prev = t
	}
	f.head = t
	f.n++
}

// Peek implements Order.
func (f *FIFO[T]) Peek() *Ticket[T] { return f.head }

// Pop implements Order.
func (f *FIFO[T]) Pop() *Ticket[T] {
	t := f.head
	f.Remove(t)
	return t
}

// Remove implements Order.
func (f *FIFO[T]) Remove(t *Ticket[T]) {
	if t.prev == nil {
		f.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		f.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	f.n--
}

// Len implements Order.
func (f *FIFO[T]) Len() int { return f.n }

// All implements Order.
func (f *FIFO[T]) All() iter.Seq[*Ticket[T]] {
	return func(yield func(*Ticket[T]) bool) {
		for t := f.head; t != nil; t = t.next {
			if !yield(t) {
				return
			}
		}
	}
}
