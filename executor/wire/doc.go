// Package wire is what a supervisor and its worker processes say to each other: the messages, the pipes and the socket
// that carry them, and their encoding.
//
// Contract: both ends are the same program, so there are no versions. A malformed message is an error of the receiver,
// after which the connection is of no use.
//
// The package does not decide when something is said.
package wire
