// Package metrics holds the manager's own metrics of each pool and of each contest that is not
// over.
//
// Data flows one way: the reconcilers and package scaling publish values, and Prometheus scrapes
// them. The import of the package registers all metrics with controller-runtime's registry. Forget
// and ForgetContest end the series of deleted objects.
//
// The package decides nothing. Executors export their own metrics.
package metrics
