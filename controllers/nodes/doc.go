// Package nodes computes the number of pods of a pool that the current nodes can hold.
//
// Data flows one way: nodes and pods, as the API server lists them -> Capacity (what each node has
// left) -> Headroom of one pool. A Capacity keeps sums and no pods, so it can be built page by page
// for a large cluster.
//
// A Headroom is an upper bound: it leaves out pending pods, topology spread constraints, affinity
// between pods and the nodes of a runtime class. The package is pure.
package nodes
