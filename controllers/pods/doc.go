// Package pods reads what a pod reports of itself: whether it is ready, how often its containers restarted, how long the pod
// took to become ready, and which pool it is a replica of.
//
// The package is pure: it takes pods as they were read, and reads and writes nothing. What the executor in a pod answers is
// for package sampling, what is wrong with a pod for package status.
package pods
