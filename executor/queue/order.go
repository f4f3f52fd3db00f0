package queue

import (
	"iter"
	"time"
)

// Order is the order in which a queue pops its waiting items. FIFO is the default; a fair order can
// stand in its place.
//
// A Queue calls the methods under its lock and guarantees the preconditions. The tickets of an
// Order are those of one queue, and Ticket.Value is the item. An Order that also receives
// information from elsewhere, such as the measured cost of a popped item, needs its own lock.
type Order[T any] interface {
	// Push adds a new item. The queue also pushes an item that a caller of Pop waits for, and pops
	// it at once.
	Push(t *Ticket[T])
	// PushFront adds an item that Pop returned, such that it precedes the items it preceded then.
	PushFront(t *Ticket[T])
	// Peek returns the item that Pop would return, or nil.
	Peek() *Ticket[T]
	// Pop removes and returns the next item. The order is not empty.
	Pop() *Ticket[T]
	// Remove removes t, which is in the order: it has expired, or its owner removed it.
	Remove(t *Ticket[T])
	// Len returns the number of items.
	Len() int
	// All yields each item once, in the sequence of Pop as far as the Order knows it. The queue
	// estimates waits from it. The Order does not change before the sequence ends.
	All() iter.Seq[*Ticket[T]]
}

// Ticket is the place of one item in the queue. The owner of the item uses it to remove the item.
type Ticket[T any] struct {
	queue    *Queue[T]
	value    T
	pushed   time.Time
	deadline time.Time
	timer    Timer
	waiting  bool // it is in the order of the queue

	prev, next *Ticket[T] // of the FIFO that holds the ticket
}

// Value returns the item.
func (t *Ticket[T]) Value() T { return t.value }
