// Package host prepares the machine for a node and puts it back as it was: Debian packages, the bridge, kernel settings,
// and at the end the mounts, control groups and packet-filter chains that a node leaves behind.
//
// It touches what is the cluster's own alone, and knows it by name: the bridge, mounts under the cluster's folders, the
// control groups of its containers, chains that begin with KUBE-. The machine's cgroup mounts are never touched.
package host
