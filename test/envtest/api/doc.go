// Package api tests what the API server does with ExecutorPools and Contests: which specs it
// rejects and with which message, which defaults it sets, and which descriptions kubectl explain
// shows.
//
// The tests start a kube-apiserver and an etcd with the generated CRDs from config/crd/bases. No
// controller runs; package envtest tests the controllers.
package api
