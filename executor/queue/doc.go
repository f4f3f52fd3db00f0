// Package queue is a bounded first-in first-out queue whose items have a deadline for being taken.
//
// Contract: every item that Push accepted leaves exactly once, by one of three doors: Pop hands it out, its deadline
// passes and the expire function is told, or its owner removes it. An expired or removed item is never handed out, also
// not when the timer runs late: Pop looks at the clock itself. An item is either waiting or it is not: while somebody
// waits in Pop nothing waits in the queue, because Push hands over directly. So Depth is what waits, exactly and always.
//
// Who takes items one after the other, each for a very short time, may reserve the next one before it has done with the last.
//
// Data flows one way: Push -> Pop. The package knows nothing of HTTP, slots or submissions, and reads only the clock
// it is given. It is not a job store: nothing survives the process. All waiting items have one order now; the order
// is kept in one place (line), so that another (fair between owners) can be put there without touching the callers.
package queue
