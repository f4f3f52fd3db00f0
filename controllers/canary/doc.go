// Package canary proves executors by real submissions: each pod gets, in each of its languages, a
// small program whose answer is known. Pods come in, one Proof a pod comes out.
//
// The Prover asks a pod in the background until the pod is proved. Proof returns the current state
// at once. A fault takes two attempts that failed, so that a pod that is busy, starts or leaves
// causes no false alarm.
//
// The package decides nothing, and it does not know what a contest is.
package canary
