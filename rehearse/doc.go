// Package rehearse plays the participants of a contest against an executor pool and summarizes the
// pool's answers.
//
// Data flows one way: a folder of programs (package program) and the sizes of a contest become a
// plan (package plan, pure); Run plays the plan over HTTP, by default with a connection for each
// participant; the outcomes become figures, a table and JSON (package summary, pure). Compare
// writes the JSON of two rehearsals side by side.
//
// The package uses the HTTP API of executors alone (packages executor/api and executor/client) and
// knows nothing of Kubernetes. It measures a pool under the load of a contest. It is not a
// benchmark of the machine on which it runs, nor a test of the sandbox.
package rehearse
