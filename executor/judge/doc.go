// Package judge takes one submission through one slot: it compiles once, runs each input, and finds
// the verdict of each stage.
//
// A Judge owns a sandbox.Slot and its directories. Data flow: request -> files in the box ->
// compiler -> artifacts in the store -> one run after another, each with an empty box -> result.
// The function verdictOf maps what the sandbox observed to verdicts. The package has no queue, no
// HTTP and one slot; the caller bounds the whole submission by the context.
package judge
