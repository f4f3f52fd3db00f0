// Package autoscale decides how many replicas a pool has: Decide(Input) Decision.
//
// Data flows in one direction: assess the sample -> absorb a trusted sample into the state (rates,
// service time, window of needs) -> compute the need of the load -> apply the stabilization window,
// the ceiling, the hold and the floor -> explain the decision.
//
// The package is pure. Time, samples and the state of the previous decision are arguments; the
// result holds the number of replicas, the reason and the next state. The package has no client,
// clock, logger or goroutine. Equal inputs give equal decisions, so the command simulate can play a
// day in milliseconds.
//
// Missing data is never zero. A distrusted sample leaves the replicas as they are; only the floor
// can raise them.
//
// The package is not for IO, conditions, events or contests. A contest reaches it as a floor.
package autoscale
