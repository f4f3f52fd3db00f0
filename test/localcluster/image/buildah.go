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
	if err := b.run(ctx, nil, append(argv, b.Source)...); err != nil {
		return "", err
	}
	return BuiltID(b.Cache, name)
}

// Save writes the image, less the layers that has names. On the way it lies in a folder, uncompressed: nothing travels
// far enough to be worth packing.
func (b Buildah) Save(ctx context.Context, name string, has map[string]bool, to io.Writer) error {
	folder, err := os.MkdirTemp(b.Cache, "save-")
	if err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	defer os.RemoveAll(folder)
	full := FullName(name)
	if err := b.run(ctx, nil, b.buildah("push", "--disable-compression", full, "dir:"+folder)...); err != nil {
		return err
	}
	return exportOCI(folder, full, has, to)
}

// bases makes the base images the Dockerfile names, under those names, in this store alone.
func (b Buildah) bases(ctx context.Context, host host) error {
	if !b.has(ctx, debianImage) {
		root := filepath.Join(b.Cache, "debian")
		if err := bootstrap(ctx, b.programs(), host, root); err != nil {
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
	if err := b.run(ctx, &out, b.buildah("from", "--pull-never", from)...); err != nil {
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
		if err := b.run(ctx, nil, argv...); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
	}
	return nil
}

func (b Buildah) has(ctx context.Context, name string) bool {
	return b.run(ctx, io.Discard, b.buildah("inspect", "--type", "image", name)...) == nil
}

// programs keeps temporary files, and with them a Dockerfile's cache mounts, in the cache.
func (b Buildah) programs() programs {
	return programs{log: b.Log, env: []string{"TMPDIR=" + filepath.Join(b.Cache, "tmp")}}
}

func (b Buildah) run(ctx context.Context, stdout io.Writer, argv ...string) error {
	return b.programs().run(ctx, stdout, argv...)
}

// buildah returns an argument list that uses the store in the cache and no other.
func (b Buildah) buildah(subcommand string, args ...string) []string {
	return append([]string{
		"buildah", "--root", filepath.Join(b.Cache, "storage"), "--runroot", filepath.Join(b.Cache, "run"),
		"--storage-driver", "overlay", subcommand,
	}, args...)
}
