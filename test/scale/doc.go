// Command scale measures what the manager costs with many pools: `make scale`.
//
// A real kube-apiserver with etcd and a real kube-controller-manager keep the objects; the program itself plays the kubelet
// (a pod is running and ready a moment after it is there) and, on one loopback address, every executor. What the manager
// sees is what it sees of a large cluster: nodes, which it does not look at, are all that is missing. The manager is a process
// of its own, this program's second face, which differs from cmd/manager in that it reaches executors at that address.
//
// Counts come from the API server's audit log, CPU and memory from /proc of the manager's process. Exit status 1 says that a
// bar was missed, that a pool at rest was written, or that something failed.
package main
