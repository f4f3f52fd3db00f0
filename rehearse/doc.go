// Package rehearse plays a contest's participants against an executor pool and reports how the pool did.
//
// Data flow: a folder of programs (package program) and the sizes of a contest become a plan (package plan, pure); Run
// plays the plan over HTTP, each participant with a connection of its own; the outcomes become figures, a table and JSON
// (package summary, pure). Compare sets two rehearsals' JSON side by side.
//
// It is a client of the executor's HTTP contract (package executor/api) alone and knows nothing of Kubernetes. It
// measures a pool under a contest's load; it is not a benchmark of the machine it runs on, nor a test of the sandbox.
package rehearse
