// Package cluster starts and stops the one-node cluster.
//
// Data flow of Up: take the lock, check that no cluster of another cache runs, prepare the machine,
// build the programs, write keys and configuration, start the programs in order, each when the one
// before it is healthy, and wait for the node. Every step checks the present state first. A second
// Up therefore changes nothing, and an Up after one that was killed continues it. Down undoes all
// steps in the opposite order and may be called at any time.
//
// The package does not supervise the programs: a program that ends is not started again before the
// next Up.
package cluster
