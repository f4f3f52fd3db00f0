package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Buildah builds without an engine and without a registry, in a store of its own.
type Buildah struct{ Source, Cache, Log string }

const (
	debianImage = "docker.io/library/debian:bookworm-slim"
	goImage     = "docker.io/library/golang:1.26-bookworm"
	suite       = "bookworm"
	// epoch is the time that files and images carry, so that the same content is the same image.
	epoch = "0"
)

// Title names the builder.
func (b Buildah) Title() string { return "buildah" }

// Build builds a target, and the base images first where they are missing.
func (b Buildah) Build(ctx context.Context, target, name, version string) (string, error) {
	host, err := describeHost(ctx, filepath.Join(b.Cache, "host"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Join(b.Cache, "tmp"), 0o755); err != nil {
		return "", fmt.Errorf("make the builder's cache: %w", err)
	}
	if err := b.bases(ctx, host); err != nil {
		return "", err
	}
	argv := b.buildah("build", "--isolation", "chroot", "--pull-never", "--layers", "--timestamp", epoch,
		"--build-arg", "VERSION="+version, "--build-arg", "SOURCE_DATE_EPOCH="+epoch,
		"--target", target, "--tag", FullName(name), "--iidfile", idFile(b.Cache, name),
		"--file", filepath.Join(b.Source, "Dockerfile"))
	for _, mount := range host.mounts() {
		argv = append(argv, "--volume", mount)
	}
	if err := command(ctx, b.Log, nil, append(argv, b.Source)...); err != nil {
		return "", err
	}
	return BuiltID(b.Cache, name)
}

// Save writes the image, less the blobs that has names. On the way it lies in an OCI layout folder, uncompressed, where
// layers of earlier images are not written again.
func (b Buildah) Save(ctx context.Context, name string, has map[string]bool, to io.Writer) error {
	full, layout := FullName(name), filepath.Join(b.Cache, "oci")
	ref := fileName(name)
	if err := command(ctx, b.Log, nil, b.buildah("push", "--disable-compression", full, "oci:"+layout+":"+ref)...); err != nil {
		return err
	}
	if err := pruneOCI(layout); err != nil {
		return fmt.Errorf("prune %s: %w", layout, err)
	}
	return exportOCI(layout, ref, full, has, to)
}

// bases makes the base images the Dockerfile names, under those names, in this store alone.
func (b Buildah) bases(ctx context.Context, host host) error {
	if !b.has(ctx, debianImage) {
		root := filepath.Join(b.Cache, "debian")
		if err := bootstrap(ctx, b.Log, host, root); err != nil {
			return err
		}
		if err := b.commit(ctx, debianImage, "scratch", root, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"); err != nil {
			return err
		}
		if err := os.RemoveAll(root); err != nil {
			return fmt.Errorf("clear %s: %w", root, err)
		}
	}
	if !b.has(ctx, goImage) {
		// This machine's Go is mounted at build time; the image is but Debian and the place for it.
		empty := filepath.Join(b.Cache, "golang")
		if err := os.MkdirAll(filepath.Join(empty, "usr", "local", "go"), 0o755); err != nil {
			return fmt.Errorf("make %s: %w", goImage, err)
		}
		return b.commit(ctx, goImage, debianImage, empty, "GOTOOLCHAIN=local", "GOPATH=/go",
			"PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return nil
}

// commit makes an image of another and a folder's content.
func (b Buildah) commit(ctx context.Context, name, from, folder string, env ...string) error {
	var out strings.Builder
	if err := command(ctx, b.Log, &out, b.buildah("from", "--pull-never", from)...); err != nil {
		return err
	}
	container := strings.TrimSpace(out.String())
	config := b.buildah("config", "--cmd", "bash")
	for _, variable := range env {
		config = append(config, "--env", variable)
	}
	for _, argv := range [][]string{
		b.buildah("add", "--quiet", container, folder, "/"),
		append(config, container),
		b.buildah("commit", "--quiet", "--rm", "--timestamp", epoch, container, name),
	} {
		if err := command(ctx, b.Log, nil, argv...); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
	}
	return nil
}

func (b Buildah) has(ctx context.Context, name string) bool {
	return command(ctx, os.DevNull, nil, b.buildah("inspect", "--type", "image", name)...) == nil
}

// buildah returns an argument list that uses the store in the cache and no other; buildah keeps Dockerfile cache mounts
// where temporary files go.
func (b Buildah) buildah(subcommand string, args ...string) []string {
	return append([]string{
		"env", "TMPDIR=" + filepath.Join(b.Cache, "tmp"),
		"buildah", "--root", filepath.Join(b.Cache, "storage"), "--runroot", filepath.Join(b.Cache, "run"),
		"--storage-driver", "overlay", subcommand,
	}, args...)
}
