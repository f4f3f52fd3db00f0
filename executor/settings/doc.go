// Package settings defines each setting of an executor once: flag, variable, range, default, unit
// and help text are the tags of one field of Settings. The package also defines the two sums that
// the executor and the controllers must agree on: Memory, what a replica needs, and Drain, the time
// in which it ends.
//
// Data flows from the tags: command executor parses its command line into a Settings, and the
// controllers fill a Settings from an ExecutorPool and render it with Arguments. The constants of
// the sums exist only here, so a change reaches both sides.
//
// The package is pure and imports only the standard library. It is not for parsing a command line,
// for Kubernetes objects, or for what a setting does.
package settings
