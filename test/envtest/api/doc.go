// Package api proves what the API server does with an ExecutorPool: which specs it refuses and in which words, what it fills
// in, and what kubectl explain has to say.
//
// A kube-apiserver and an etcd of the test's own serve the generated CRD from config/crd/bases; no controller runs. What
// the controllers make of an accepted spec is tested in the packages beside this one.
package api
