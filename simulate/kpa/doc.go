// Package kpa implements the algorithm of the Knative Pod Autoscaler with its default
// configuration, for the metric concurrency. The sources are the pages kpa-specific and concurrency
// of knative.dev/docs/serving/autoscaling and the comments of the ConfigMap config-autoscaler. The
// tests contain the worked examples of these sources.
//
// Data flows one way: package fleet passes a view of the fleet, and KPA returns replicas. The only
// state is inside KPA. The concurrency is the number of running and waiting submissions, as if
// Knative's activator held the queue.
//
// The metric has no delay, unlike in a cluster. The package is not for production code, whose
// autoscaler is package controllers/autoscale.
package kpa
