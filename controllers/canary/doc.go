// Package canary proves executors by real submissions: to each pod a small program in each language it says it knows, whose
// answer is known. In go pods, out come proofs, one a pod.
//
// A pod is asked in the background and only as long as nothing is proved; what is known of it is read at once. A fault is one
// after two attempts that failed alike, so that a pod that is busy, starts or leaves is no false alarm.
//
// It decides nothing, and it does not know what a contest is.
package canary
