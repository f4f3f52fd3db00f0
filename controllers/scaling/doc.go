// Package scaling holds the state between two decisions about the replicas of each pool.
//
// Data flows one way: the poller of package sampling passes on each sample (Observe). The scaler
// decides by package autoscale and wakes the reconciler if the decision differs from the last
// applied one. The reconciler decides again with the current spec and cluster (Decide), announces
// its write of the Deployment (Expect), and reports what it applied (SetLastApplied).
//
// The state is lost with the process. That costs a stabilization window of surplus replicas, and
// never causes a scale-down. The package does no IO.
package scaling
