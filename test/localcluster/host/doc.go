// Package host prepares the machine for a node and restores it: Debian packages, the bridge and
// kernel settings, and at the end the mounts, control groups and packet-filter chains that a node
// leaves.
//
// The package changes only objects of the cluster, which it identifies by name: the bridge, mounts
// below the cluster's directories, the control groups of its containers, and chains that begin with
// KUBE-. It never changes the cgroup mounts of the machine. It does not start programs; package
// process does.
package host
