package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// Programs, and the Debian packages that contain them.
var (
	// NodePackages are the programs that a node needs.
	NodePackages = map[string]string{
		"/usr/bin/containerd":    "containerd",
		"/usr/bin/ctr":           "containerd",
		"/usr/sbin/runc":         "runc",
		"/usr/lib/cni/bridge":    "containernetworking-plugins",
		"/usr/sbin/iptables":     "iptables",
		"/usr/sbin/conntrack":    "conntrack",
		"/usr/bin/ip":            "iproute2",
		"/usr/bin/mount":         "mount",
		"/usr/sbin/ebtables-nft": "iptables",
	}
	// ImagePackages are the programs that build images without a Docker engine.
	ImagePackages = map[string]string{
		"/usr/bin/buildah":      "buildah",
		"/usr/sbin/debootstrap": "debootstrap",
		"/usr/sbin/runc":        "runc",
		"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
	}
)

// Missing returns those of the given packages whose programs are not installed.
func Missing(packages map[string]string) []string {
	wanted := map[string]bool{}
	for path, name := range packages {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			wanted[name] = true
		}
	}
	var names []string
	for name := range wanted {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Install installs Debian packages without starting their services. It waits for up to ten minutes
// while another installation runs.
func Install(ctx context.Context, names []string, log string) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this machine has no apt-get; install by hand: %s", strings.Join(names, " "))
	}
	restore, err := forbidServices()
	if err != nil {
		return err
	}
	defer restore()
	if err := run(ctx, log, "apt-get", "update", "--quiet"); err != nil {
		return err
	}
	return run(ctx, log, "apt-get", append([]string{"install", "--quiet", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"}, names...)...)
}

// forbidServices keeps the package scripts from starting services, by the file policy-rc.d of
// Debian. It does not change a policy file that exists. The returned function removes the file.
func forbidServices() (restore func(), err error) {
	const policy = "/usr/sbin/policy-rc.d"
	if _, err := os.Stat(policy); err == nil {
		return func() {}, nil
	}
	if err := os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
		return nil, fmt.Errorf("keep packages from starting services: %w", err)
	}
	return func() { _ = os.Remove(policy) }, nil
}

// run runs a program and appends its output to the log. An error contains the last lines of the
// output.
func run(ctx context.Context, log, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if writeErr := appendFile(log, output.Bytes()); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(output.String()), "\n")
		return fmt.Errorf("%s %s: %w; see %s\n%s", name, strings.Join(args, " "), err, log,
			strings.Join(lines[max(0, len(lines)-5):], "\n"))
	}
	return nil
}

func appendFile(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
