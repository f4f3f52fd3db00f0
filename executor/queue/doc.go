// Package queue is a bounded queue whose items have deadlines.
//
// Contract: every item that Push accepts leaves the queue exactly once. Pop returns it, or its
// deadline passes and the expire function receives it, or its owner removes it, or Clear returns
// it. Pop compares the deadline with the clock itself, so an expired item is never returned, even
// when its timer is late. While a caller waits in Pop the queue is empty, because Push delivers an
// item directly to that caller. Depth is therefore the exact number of waiting items.
//
// A caller that expects to need an item soon can reserve the head of the queue; see Queue.Reserve.
//
// An Order decides which item Pop returns next. The default is first in, first out. Capacity,
// deadlines, removal and delivery are the same for every Order.
//
// Data flows one way, from Push to Pop. The package knows nothing of HTTP, slots or submissions. It
// reads only the clock that New receives. It is not a job store: no item survives the process.
package queue
