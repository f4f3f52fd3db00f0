// Command localcluster runs a real one-node Kubernetes cluster on a Debian machine, without Docker and without a
// registry: the demo and the end-to-end tests run on it.
//
//	go run ./test/localcluster up
//	go run ./test/localcluster build executor executorpool/executor:dev
//	go run ./test/localcluster load executorpool/executor:dev
//	export KUBECONFIG=$(go run ./test/localcluster kubeconfig)
//	go run ./test/localcluster down
//
// Everything is built from pinned sources, cached in one folder (EXECUTORPOOL_CACHE, by default .cache in the repository)
// and listens on this machine alone. It is for trying and testing, not for contests: one node, no NetworkPolicy
// enforcement, an etcd that does not wait for the disk.
package main
