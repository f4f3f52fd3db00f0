// Command scale measures the resources that the manager needs with many pools: `make scale`.
//
// A real kube-apiserver with etcd and a real kube-controller-manager store and create the objects.
// This program simulates the kubelets (a new pod is running and ready at once) and serves all
// executors on one loopback address. The manager therefore sees what it sees of a large cluster,
// except for the nodes, which it does not read here. The manager is a process of its own: this
// program with the hidden command "manager". It differs from cmd/manager only in that it connects
// to the executors at that address.
//
// The counts come from the API server's audit log, CPU time and memory from /proc of the manager's
// process. The exit status is 1 if a limit was exceeded, if the manager wrote to a pool at rest, or
// if something failed.
package main
