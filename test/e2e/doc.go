// Package e2e tests the complete project on a real cluster: API server, kubelet and kube-proxy, the
// images from the Dockerfile and the Helm chart. `make e2e` starts the cluster, installs the
// project as the demo does and runs these tests.
//
// Each test has a namespace of its own, which enforces the restricted Pod Security Standard, and
// waits for conditions, not for fixed times. The package is not for cases that a test against an
// API server alone can cover; these are in test/envtest.
package e2e
