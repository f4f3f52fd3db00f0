// Package image builds the images of the project's Dockerfile and imports images into the cluster's
// container runtime.
//
// If a Docker engine answers, it builds the images. Else buildah does, from the same Dockerfile and
// with base images that are made on this machine: the Debian image by debootstrap, the Go image
// from the Debian image and the local Go installation. No registry is used. The machine's settings
// for package sources (proxy, mirror, certificates) are mounted during the build and are never part
// of an image.
package image
