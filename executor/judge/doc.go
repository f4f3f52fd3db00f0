// Package judge takes one submission through one slot: compile once, run many times, and say what became of each stage.
//
// A Judge owns a sandbox.Slot and its directories. Request -> files in the box -> compiler -> artifacts in the store ->
// one run after another, each in an empty box -> Result. It maps what the sandbox observed to verdicts in one function,
// verdictOf. It keeps no queue, speaks no HTTP and knows no other slot; whoever calls it bounds the whole submission by
// the context.
package judge
