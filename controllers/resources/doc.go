// Package resources renders what a pool consists of: from an ExecutorPool and the desired replicas to the apply
// configurations of its ServiceAccount, NetworkPolicy, Service, Deployment, PodDisruptionBudget and, before a contest, the
// DaemonSet that pulls the image and the Job that holds places, one file a kind.
//
// The package is pure: the same pool always renders the same objects, and nothing in them changes by itself. That is what
// makes two promises hold: reconciling an unchanged pool writes nothing, and pods are replaced only when something
// that reaches them has changed (there is no checksum or timestamp annotation).
//
// It is not the place for defaults: those stand on the API types. It reads a pool as the API server stored it.
package resources
