// Package nodes counts how many pods of a kind today's nodes have room for.
//
// Data flows one way: nodes and pods as the API server lists them -> Census (what each node has left) -> Room of one pod. A
// census keeps sums and no pods, so that it may be taken of a large cluster page by page.
//
// Room is what the scheduler would find on empty queues, and an upper bound: pods that are yet to come, spread constraints,
// affinity between pods and a runtime class's nodes are not counted. The package is pure.
package nodes
