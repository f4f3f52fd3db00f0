// Package pki makes the cluster's certificate authority, certificates and service-account key in
// one directory.
//
// Ensure makes all files at its first call. Later calls make them again only if one is missing or
// expires soon. Only root can read the keys.
//
// The keys are not for any other cluster: they protect a cluster that listens on this machine only,
// and never leave the directory.
package pki
