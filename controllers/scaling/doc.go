// Package scaling holds the state between two decisions about the replicas of each pool: Decider,
// Debouncer, WriteBudget and Expectations.
//
// Data flows one way: the poller of package sampling passes on each reading (Decider.Observe). The
// decider decides by package autoscale and lets the debouncer choose what conditions show. It wakes
// the reconciler if the result differs from the last applied one, or if the write budget grants a
// write of the counters. The reconciler decides again with the current spec and cluster
// (Decider.Decide), announces its write of the Deployment (Expectations.Expect), and reports what
// it applied (Decider.SetLastApplied, WriteBudget.SetWritten).
//
// The state is lost with the process. That costs a stabilization window of surplus replicas, and
// never causes a scale-down. The package does no IO.
package scaling
