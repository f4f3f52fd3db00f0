// Package hpa implements the algorithm of the HorizontalPodAutoscaler of Kubernetes with its
// default behavior, for a metric with a target of type AverageValue. The source is the page
// Horizontal Pod Autoscaling
// (kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale). The tests contain
// the worked examples of that page and of KEP-853.
//
// Data flows one way: package fleet passes a view of the fleet, and HPA returns replicas. The only
// state is the history of recommendations inside HPA.
//
// The package is more favorable to the HorizontalPodAutoscaler than a cluster is: the metric is
// that of the present instant, without the delay of a scrape interval or of a metrics adapter. It
// is not for production code, whose autoscaler is package controllers/autoscale.
package hpa
