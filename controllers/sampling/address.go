package sampling

import "net/netip"

// PodAddress parses an address and refuses what cannot be a pod's own, for whoever connects to pods.
func PodAddress(ip string) (netip.Addr, error) { return podAddress(ip) }
