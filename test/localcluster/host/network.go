package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Overlap returns an error if another interface than own has an address in one of the networks.
func Overlap(own string, networks ...string) error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list interfaces: %w", err)
	}
	for _, other := range interfaces {
		if other.Name == own {
			continue
		}
		addresses, err := other.Addrs()
		if err != nil {
			return fmt.Errorf("list addresses of %s: %w", other.Name, err)
		}
		for _, address := range addresses {
			have, err := netip.ParsePrefix(address.String())
			if err != nil {
				continue
			}
			for _, network := range networks {
				if netip.MustParsePrefix(network).Overlaps(have) {
					return fmt.Errorf("interface %s has %s, which overlaps the cluster's network %s: take that interface down, or run the cluster elsewhere",
						other.Name, address, network)
				}
			}
		}
	}
	return nil
}

// Bridge creates the network interface to which pods are connected, with the node's address. It
// also adds the route to the Services' network, which this machine needs if it has no default
// route.
func Bridge(ctx context.Context, name, address, services string) error {
	ip := netip.MustParsePrefix(address).Addr().String()
	if _, err := net.InterfaceByName(name); err != nil {
		if err := ipCommand(ctx, "link", "add", "name", name, "type", "bridge"); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"address", "replace", address, "dev", name},
		{"link", "set", name, "up"},
		{"route", "replace", services, "dev", name, "src", ip},
	} {
		if err := ipCommand(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// RemoveBridge removes the bridge. Its addresses and routes disappear with it.
func RemoveBridge(ctx context.Context, name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return nil
	}
	return ipCommand(ctx, "link", "delete", name)
}

func ipCommand(ctx context.Context, args ...string) error {
	if output, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}

// settings are the kernel settings for packets between pods.
var settings = []string{"net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"}

// Forward enables IP forwarding and the filtering of bridged packets. It saves the earlier values
// in the directory saved. It does not overwrite saved values, so that a second call keeps the
// original ones.
func Forward(saved string) error {
	if err := os.MkdirAll(saved, 0o755); err != nil {
		return fmt.Errorf("save kernel settings: %w", err)
	}
	for _, setting := range settings {
		path := filepath.Join("/proc/sys", setting)
		before, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read %s: %w (is the kernel module br_netfilter missing? modprobe br_netfilter)", path, err)
		}
		keep := filepath.Join(saved, filepath.Base(setting))
		if _, err := os.Stat(keep); errors.Is(err, fs.ErrNotExist) {
			if err := os.WriteFile(keep, before, 0o644); err != nil {
				return fmt.Errorf("save %s: %w", path, err)
			}
		}
		if err := os.WriteFile(path, []byte("1\n"), 0o644); err != nil {
			return fmt.Errorf("set %s: %w", path, err)
		}
	}
	return nil
}

// RestoreSettings restores the values that Forward saved.
func RestoreSettings(saved string) error {
	for _, setting := range settings {
		before, err := os.ReadFile(filepath.Join(saved, filepath.Base(setting)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read saved %s: %w", setting, err)
		}
		if err := os.WriteFile(filepath.Join("/proc/sys", setting), before, 0o644); err != nil {
			return fmt.Errorf("restore %s: %w", setting, err)
		}
	}
	return nil
}
