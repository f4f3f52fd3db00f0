package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// keyring verifies the packages of every suite.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// kernelPackage is the package that depends on the newest kernel of a suite. The kernel is the one
// for virtual machines: it has the drivers of qemu's devices and few others.
const kernelPackage = "linux-image-cloud-amd64"

// kernelImage is an unpacked kernel. modules are the paths of those drivers of driverModules that
// are not a part of the kernel itself, in their order.
type kernelImage struct {
	version, vmlinuz string
	modules          []string
}

// driverModules are the drivers of a disk of qemu, each after those that it needs.
var driverModules = []string{"virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"}

// fetchKernel returns the kernel in dir. It downloads and unpacks the kernel of the suite if dir
// has none, or if refresh is set. Nothing is installed on this machine.
func fetchKernel(ctx context.Context, dir, mirror, suite string, refresh bool) (kernelImage, error) {
	unpacked := filepath.Join(dir, "package")
	if _, err := os.Stat(unpacked); err != nil || refresh {
		if err := download(ctx, dir, mirror, suite, unpacked); err != nil {
			return kernelImage{}, err
		}
	}
	return findKernel(ctx, dir, unpacked)
}

// depends matches the name of the first dependency of a package.
var depends = regexp.MustCompile(`(?m)^Depends: (\S+)`)

// download downloads the kernel with package lists of its own, so that the sources of this machine
// do not change, and unpacks it.
func download(ctx context.Context, dir, mirror, suite, to string) error {
	log := filepath.Join(dir, "apt.log")
	for _, folder := range []string{"lists/partial", "cache/archives/partial", "deb"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
	}
	source := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", keyring, mirror, suite)
	if err := os.WriteFile(filepath.Join(dir, "sources.list"), []byte(source), 0o644); err != nil {
		return err
	}
	own := []string{
		"-o", "Dir::Etc::sourcelist=" + filepath.Join(dir, "sources.list"), "-o", "Dir::Etc::sourceparts=-",
		"-o", "Dir::State::lists=" + filepath.Join(dir, "lists"), "-o", "Dir::Cache=" + filepath.Join(dir, "cache"),
		"-o", "APT::Sandbox::User=root",
	}
	if err := run(ctx, log, "apt-get", append(slices.Clone(own), "update")...); err != nil {
		return err
	}
	shown, err := exec.CommandContext(ctx, "apt-cache", append(slices.Clone(own), "show", "--no-all-versions", kernelPackage)...).Output()
	found := depends.FindSubmatch(shown)
	if err != nil || found == nil {
		return fmt.Errorf("find the kernel of %s: %w", suite, err)
	}
	script := `cd "$1" && rm -f -- *.deb && shift && name=$1 && shift && apt-get "$@" download "$name"`
	deb := filepath.Join(dir, "deb")
	if err := run(ctx, log, "sh", append([]string{"-c", script, "sh", deb, string(found[1])}, own...)...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(deb, "*.deb"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("downloaded %q, %w; want one package", files, err)
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := run(ctx, log, "dpkg-deb", "-x", files[0], to+".new"); err != nil {
		return err
	}
	return os.Rename(to+".new", to)
}

// findKernel finds the kernel and its drivers in an unpacked package. It unpacks compressed drivers
// into dir, because a kernel may be built without the code for it.
func findKernel(ctx context.Context, dir, unpacked string) (kernelImage, error) {
	vmlinuz, err := filepath.Glob(filepath.Join(unpacked, "boot/vmlinuz-*"))
	if err != nil || len(vmlinuz) != 1 {
		return kernelImage{}, fmt.Errorf("%s has the kernels %q, want one", unpacked, vmlinuz)
	}
	image := kernelImage{version: strings.TrimPrefix(filepath.Base(vmlinuz[0]), "vmlinuz-"), vmlinuz: vmlinuz[0]}
	paths := map[string]string{}
	err = filepath.WalkDir(unpacked, func(path string, _ fs.DirEntry, err error) error {
		name, _, isModule := strings.Cut(filepath.Base(path), ".ko")
		if isModule {
			paths[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err != nil {
		return kernelImage{}, err
	}
	for _, name := range driverModules {
		path, found := paths[name]
		if !found {
			continue
		}
		if filepath.Ext(path) == ".xz" {
			content, err := exec.CommandContext(ctx, "xz", "--decompress", "--stdout", path).Output()
			if err != nil {
				return kernelImage{}, fmt.Errorf("unpack %s: %w", path, err)
			}
			path = filepath.Join(dir, name+".ko")
			if err := os.WriteFile(path, content, 0o644); err != nil {
				return kernelImage{}, err
			}
		}
		image.modules = append(image.modules, path)
	}
	return image, nil
}
