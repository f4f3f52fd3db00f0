// Package resources renders the objects of a pool: from an ExecutorPool and the desired replicas to
// the apply configurations of its ServiceAccount, NetworkPolicy, Service, Deployment,
// PodDisruptionBudget and, for the prewarm of a contest, the DaemonSet that pulls the image and the
// Job of placeholders. Each kind has a file.
//
// The package is pure: equal pools render equal objects, without checksum or timestamp annotations.
// Two properties follow: reconciling an unchanged pool writes nothing, and pods are replaced only
// when a value that reaches them has changed.
//
// The package is not for defaults and not for the sums of memory and time. The API types hold the
// defaults of the spec; package executor/settings holds those of the executor, and the sums. This
// package reads a pool as the API server stored it.
package resources
