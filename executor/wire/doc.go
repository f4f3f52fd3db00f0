// Package wire is the protocol between a supervisor and its worker processes: the messages, their
// encoding, and the pipes and the socket that carry them.
//
// Data flows
//
//	supervisor -- Assignment --> pipe of a slot -- Completion --> supervisor
//	supervisor -- Settings, Cancel --> control socket -- Notification --> supervisor
//
// Contract: both ends are the same program, so there are no versions. A malformed message is an
// error of the receiver, after which the connection is of no use.
//
// The package does not decide when a message is sent.
package wire
