// Package autoscale decides how many replicas a pool has: Decide(Input) Decision.
//
// It is pure. Time, samples and what the last decision wants to remember come in as values; a number with its reason comes
// out. There is no client, clock, logger or goroutine in it, so a day can be played in milliseconds (command simulate),
// and the same input gives the same decision.
//
// Data flows one way: trust the sample or not -> take it into the state (rates, service time, window of needs) -> need of
// the load -> window, ceiling, hold and floor -> reason in words.
//
// Missing data is never zero. What cannot be believed keeps the pool where it is, and only the floor can raise it.
//
// It is not the place for IO, for conditions or events, nor for contests: those reach it as a floor.
package autoscale
