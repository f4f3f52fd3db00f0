// Package fleet plays a trace against an autoscaler in virtual time. The fleet has one queue, first
// in first out, and replicas that need time to start and that drain before they end.
//
// Data flows one way: Play takes a trace and an Autoscaler, calls the Autoscaler once a period,
// and returns a Result. Equal arguments give equal results.
//
// The package is not a model of a cluster: no node is full, no pod fails, and a free slot takes the
// head of the queue at once, as with a gateway.
package fleet
