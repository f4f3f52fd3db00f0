// Package config renders the configuration files, kubeconfigs and argument lists of the cluster's
// programs. It is pure: the input is a layout, the output are files and commands, and the same
// layout gives the same bytes. A program is therefore restarted only if its input changed.
//
// The package does not decide when and in which order programs start; package cluster does.
package config
