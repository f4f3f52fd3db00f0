// Package capacity is the queueing model of a pool: from participants, a load model, slots and a
// target wait to replicas, and back from replicas to the expected wait and the number of
// participants that can be served.
//
// Two phases of a contest count. At its start many participants submit at once, and the slots clear
// that burst. Later submissions arrive at a steady rate, and chance makes queues. Size returns
// enough replicas for both. Without a gateway each connection reaches a random replica; the extra
// replicas that uneven queues need follow from the same formulas and are called margin.
//
// A target wait W holds if at most 5 of 100 submissions wait longer than W, in the burst and in the
// steady state. The formulas and their sources stand beside the functions; the tests compare them
// with a discrete-event simulation.
//
// The package is pure. It does not know the replicas that exist or the time of a contest; that is
// the task of package calendar.
package capacity
