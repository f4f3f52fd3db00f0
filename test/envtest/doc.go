// Package envtest runs the manager against a real kube-apiserver and etcd. No kubelet and no
// controller manager run: the tests write the status of Deployments and pods in their place, and
// serve the executors that the manager samples.
//
// The manager authenticates as a user with exactly the generated roles, so the tests fail if a role
// lacks a rule. Package api below it tests the validation of the CRDs without a manager.
package envtest
