// Package binary builds the cluster's programs into the cache's bin directory.
//
// Each set of programs is pinned by a Go module in a directory beside this package. Builder runs
// go build in that module and writes a stamp file beside each program. The stamp records the
// module, the build flags and the Go release; a program is built again only if one of these
// changed.
//
// The package does not start the programs; packages process and cluster do. It does not build the
// images; package image does.
package binary
