// Command localcluster runs a real one-node Kubernetes cluster on a Debian machine, without Docker
// and without a registry. The demo and the end-to-end tests use it.
//
//	go run ./test/localcluster up
//	go run ./test/localcluster build executor executorpool/executor:dev
//	go run ./test/localcluster load executorpool/executor:dev
//	export KUBECONFIG=$(go run ./test/localcluster kubeconfig)
//	go run ./test/localcluster down
//
// All programs are built from pinned sources, cached in one directory (EXECUTORPOOL_CACHE, by
// default .cache in the repository), and listen on this machine only. The cluster is for trials and
// tests, not for contests: it has one node, does not enforce NetworkPolicies, and its etcd does not
// wait for the disk.
package main
