// Package e2e tests everything together on a real cluster: the real API server, kubelet and kube-proxy, the images of the
// real Dockerfile, the real chart. `make e2e` brings the cluster up, installs the project by the demo and runs this.
//
// Each test works in a namespace of its own, labelled PodSecurity restricted, and waits on conditions, never on time.
package e2e
