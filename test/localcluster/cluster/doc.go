// Package cluster brings the one-node cluster up and down.
//
// Up: lock, see that no other cache's cluster is there, prepare the machine, build programs, write keys and
// configuration, start the programs one after the other, each once the one before it answers, wait for the node. Every
// step looks at what is there before it does anything, so up after up does nothing, and up after a kill in the middle
// goes on from there. Down undoes all of it in the opposite order and may be called at any time.
//
// It does not supervise: what dies stays dead until the next up.
package cluster
