// Package manager runs the controllers: Run takes a Config, runs until its context ends, and
// returns.
//
// Tests run the manager through this package. Flags, signals and exit codes are in cmd/manager.
package manager
