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

// Programs by the Debian package that has them.
var (
	// NodePackages are what a node needs.
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
	// ImagePackages are what building images without a Docker engine needs.
	ImagePackages = map[string]string{
		"/usr/bin/buildah":      "buildah",
		"/usr/sbin/debootstrap": "debootstrap",
		"/usr/sbin/runc":        "runc",
		"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
	}
)

// Missing returns the packages, of those given, whose programs are not there.
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

// Install installs Debian packages without starting the services they bring. It waits for ten minutes while another one installs.
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

// forbidServices has package scripts start nothing, by Debian's policy-rc.d; a machine's own policy is left as it is.
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

// run runs a program with its words in a log; the last of them are in the error.
func run(ctx context.Context, log, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if writeErr := appendFile(log, said.Bytes()); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
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
