// Package capability removes the capabilities of the calling OS thread (capabilities(7)).
//
// Capabilities belong to threads: the caller must have locked its goroutine to the thread. Clear
// is for threads that set no_new_privs, after which no execve can add capabilities. Drop is for a
// process that is the only one in new namespaces and must not gain any in another way either.
package capability
