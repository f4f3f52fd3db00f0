// Package config renders everything the cluster's programs are started with: configuration files, kubeconfigs and
// argument lists. It is pure: a layout goes in, files and commands come out, and the same layout gives the same bytes,
// so that a program is restarted only when what it reads has changed.
//
// It does not decide in which order or when; package cluster does.
package config
