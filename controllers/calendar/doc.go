// Package calendar says how many replicas the contests of a pool hold at a moment, where each contest is, and when either
// changes next.
//
// A contest holds its replicas over [start - warm-up, end + cool-down], both ends included; contests that overlap add up.
// What holds is decided from the contests as they are declared now and from the time, and from nothing that went before:
// that makes a manager that was away, a contest that is moved while it runs and one that is declared late all the same case.
//
// The package is pure: time is an argument, and instants are compared as instants, whatever their UTC offset. How many
// replicas a contest takes is for package capacity.
package calendar
