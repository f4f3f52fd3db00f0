// Package pods reads the state that the API server reports of a pod: whether it is ready, how often
// its containers restarted, how long it took to become ready, and the pool that it is a replica of.
//
// The package is pure. Package sampling asks the executor in a pod, and package status finds the
// faults of a pod.
package pods
