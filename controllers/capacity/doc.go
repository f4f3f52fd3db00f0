// Package capacity is the queueing model: from participants, a load model, slots and a wait target to replicas, and back
// from replicas to the wait to expect and the participants that can be served.
//
// Two moments of a contest decide. At its start many submit at once, and the burst drains through the slots; later
// submissions come at a steady rate, and chance makes queues. Size takes enough replicas for both. Without a gateway each
// connection lands on a replica by chance; what the uneven queues cost comes out of the same formulas and is called margin.
//
// A wait target W holds when at most 5 of 100 submissions wait longer than W, of the burst as in the steady state. The
// formulas stand beside the functions with their sources, and the tests hold them to a discrete-event simulation.
//
// The package is pure. It does not know what replicas there are, nor when a contest is: package calendar does.
package capacity
