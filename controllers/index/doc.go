// Package index finds a pool's pods and contests in the manager's cache.
//
// It holds the keys of the cache's indexes, which the controllers register when they are set up, and the look-ups by them. It
// is for what several controllers read alike; what one of them reads alone it reads by itself. It writes nothing.
package index
