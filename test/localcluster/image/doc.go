// Package image builds the images of the project's Dockerfile and brings images into the cluster's container runtime.
//
// Where a Docker engine answers, it builds; elsewhere buildah does, from the same Dockerfile, with base images made on the
// spot: Debian's by debootstrap, the Go one from that and this machine's Go. No registry is asked for anything. What the
// machine needs to reach its package sources (proxy, mirror, certificates) is mounted into the build and never becomes
// part of an image.
package image
