// Package container reads what the memory control group of the executor's container uses.
//
// Data flows from the files of the group to the monitor of package sandbox: the supervisor opens
// the group, its workers inherit the descriptor, because a worker in namespaces of its own has no
// path to it. Works with cgroup v1 and v2; the files are read-only in a pod.
//
// The package is not for limits of single runs: a pod cannot create groups of its own.
package container
