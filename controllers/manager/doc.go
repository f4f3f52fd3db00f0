// Package manager runs the controllers: it takes a Config, talks to the cluster until its context ends, and returns.
//
// It is the part of the manager program that tests run too; flags, signals and exit codes are cmd/manager's.
package manager
