// Package install tests what an admin gets from the Helm chart and from kustomize: both give the
// same objects, the pods satisfy the restricted Pod Security Standard, every value of the chart
// reaches an object or is rejected with a message, and an upgrade upgrades the CRDs.
//
// The real helm and kubectl render both, and some tests install the result into a real API server.
// The package does not run pools on a cluster; package e2e does.
package install
