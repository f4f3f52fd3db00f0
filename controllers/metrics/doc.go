// Package metrics holds the manager's own metrics: of each pool and of each contest that is not over.
//
// Data flows one way: the reconcilers and the scaler publish what they found, Prometheus scrapes it. All vectors are registered
// with controller-runtime's registry when the package is imported. A series ends with its pool or contest (Forget).
//
// The package decides nothing. Metrics of executors are the executors' own.
package metrics
