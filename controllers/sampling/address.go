package sampling

import "net/netip"

// PodAddress parses an address. It returns an error for one that cannot be a pod's own: a caller
// that connects to it could reach the manager or its node.
func PodAddress(ip string) (netip.Addr, error) { return podAddress(ip) }
