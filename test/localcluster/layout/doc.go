// Package layout defines the directories, sockets, addresses, ports and names of the local cluster.
// It is pure: it returns names and does not read or change anything.
//
// The cache directory holds what is kept between clusters: programs and images. Its directory
// "cluster" holds the files of one running cluster. Sockets, process records and locks are in a
// directory of the machine, because the path of a socket has at most 107 bytes and because a
// machine has one cluster, whichever checkout or cache started it.
package layout
