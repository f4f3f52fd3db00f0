// Package index finds the pods and contests of a pool in the manager's cache.
//
// It holds the keys of the cache's indexes and the lists that use them. The controllers register
// the indexes at set-up. The package is for lists that several controllers use. It writes nothing.
package index
