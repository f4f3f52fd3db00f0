// Package install proves what an admin gets from the Helm chart and from kustomize: the same objects from both, pods that pass
// PodSecurity restricted, values that reach the objects or are refused in words, and CRDs that an upgrade upgrades.
//
// Both are rendered by the real helm and kubectl and, where it matters, installed into a real API server. Whether the
// installed manager then works is for the end-to-end tests.
package install
