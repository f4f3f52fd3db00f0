// Package budget counts the memory of the requests and the answers of an executor.
//
// Contract: what an executor holds for its clients beyond the allowance of a connection is claimed
// here before it is allocated, and released when it is freed. Requests never take the share that is
// reserved for answers, so that a queue full of large requests cannot keep an answer from being
// sent.
//
// The package allocates nothing. Package settings has the sizes.
package budget
