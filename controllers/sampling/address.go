package sampling

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// errRefusedAddress is the error of an address to which the manager does not connect.
var errRefusedAddress = errors.New("the manager connects to no such address")

// refusedRanges are the addresses that no pod and no server of a cluster has. Through them, the
// manager could be made to ask itself, its node, or the metadata service of its cloud.
var refusedRanges = func() []netip.Prefix {
	var all []netip.Prefix
	for _, prefix := range []string{
		"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "fe80::/10", "ff00::/8",
		// Metadata services of clouds at other addresses: Alibaba, Azure, Oracle, AWS, Google.
		"100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128",
	} {
		all = append(all, netip.MustParsePrefix(prefix))
	}
	return all
}()

// embedding are the ranges of IPv6 that hold an IPv4 address, with the index of its first byte:
// IPv4-compatible and IPv4-mapped addresses, NAT64 and 6to4.
var embedding = []struct {
	prefix netip.Prefix
	first  int
}{
	{netip.MustParsePrefix("::/96"), 12},
	{netip.MustParsePrefix("::ffff:0:0/96"), 12},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
}

// refused reports whether the address, or an IPv4 address in it, is in refusedRanges.
func refused(address netip.Addr) bool {
	address = address.WithZone("")
	if address.Is6() {
		bytes := address.As16()
		for _, e := range embedding {
			// The prefix of a mapped address contains no netip.Addr of 16 bytes.
			if isIn(e.prefix, bytes) && refused(netip.AddrFrom4([4]byte(bytes[e.first:e.first+4]))) {
				return true
			}
		}
	}
	address = address.Unmap()
	return slices.ContainsFunc(refusedRanges, func(p netip.Prefix) bool { return p.Contains(address) })
}

// isIn compares bytes: netip.Prefix.Contains takes a mapped address for none of IPv6.
func isIn(prefix netip.Prefix, bytes [16]byte) bool {
	want := prefix.Addr().As16()
	for bit := range prefix.Bits() {
		if mask := byte(0x80 >> (bit % 8)); bytes[bit/8]&mask != want[bit/8]&mask {
			return false
		}
	}
	return true
}

// PodAddress parses an address. It returns an error for one that cannot be a pod's own: a caller
// that connects to it could reach the manager or its node.
func PodAddress(ip string) (netip.Addr, error) { return podAddress(ip) }

func podAddress(ip string) (netip.Addr, error) {
	address, err := netip.ParseAddr(ip)
	switch {
	case err != nil:
		return netip.Addr{}, fmt.Errorf("pod address: %w", err)
	case refused(address):
		return netip.Addr{}, fmt.Errorf("pod address %s is not one of a pod: %w", address, errRefusedAddress)
	}
	return address, nil
}

// onlyServers returns a net.Dialer.Control that refuses the addresses of refusedRanges and those of
// this machine, at which the manager itself listens. The dialer calls it with each address that a
// name resolves to, just before it connects: the answer of a name server that changes between two
// questions is checked too.
func onlyServers(own func() ([]net.Addr, error)) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("address %s: %w", address, err)
		}
		if refused(to.Addr()) {
			return errRefusedAddress
		}
		mine, err := own()
		if err != nil {
			return fmt.Errorf("list the addresses of this machine: %w", err)
		}
		for _, a := range mine {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().Unmap() == to.Addr().Unmap().WithZone("") {
				return errRefusedAddress
			}
		}
		return nil
	}
}
