// Package envtest runs the manager against a real kube-apiserver and etcd. There is no kubelet and no controller manager: the
// tests write the status of Deployments and pods as those would, and play the executors that the manager samples.
//
// The manager runs as a user with exactly the generated roles, so a missing rule fails the tests.
package envtest
