package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Buildah builds images without an engine and without a registry, in an image store of its own.
type Buildah struct{ Source, Cache, Log string }

const (
	debianImage = "docker.io/library/debian:bookworm-slim"
	goImage     = "docker.io/library/golang:1.26-bookworm"
	suite       = "bookworm"
	// epoch is the timestamp of files and images, so that the same content gives the same image id.
	epoch = "0"
)

// Title returns the name of the builder.
func (b Buildah) Title() string { return "buildah" }

// Build builds a target. It first makes the base images that are missing.
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

// Save writes the image without the layers in has. It copies the image uncompressed into a
// directory, because the copy stays on this machine.
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

// bases makes the base images that the Dockerfile names and stores them under these names, in this
// store only.
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
		// The build mounts the Go installation of this machine, so the image holds only Debian and the
		// mount point.
		empty := filepath.Join(b.Cache, "golang")
		if err := os.MkdirAll(filepath.Join(empty, "usr", "local", "go"), 0o755); err != nil {
			return fmt.Errorf("make %s: %w", goImage, err)
		}
		return b.commit(ctx, goImage, debianImage, empty, "GOTOOLCHAIN=local", "GOPATH=/go",
			"PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	return nil
}

// commit makes an image from another image and the content of a directory.
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

// programs returns the runner of build programs. Their temporary files, and with them the cache
// mounts of the Dockerfile, are in the cache.
func (b Buildah) programs() programs {
	return programs{log: b.Log, env: []string{"TMPDIR=" + filepath.Join(b.Cache, "tmp")}}
}

func (b Buildah) run(ctx context.Context, stdout io.Writer, argv ...string) error {
	return b.programs().run(ctx, stdout, argv...)
}

// buildah returns an argument list that uses only the store in the cache.
func (b Buildah) buildah(subcommand string, args ...string) []string {
	return append([]string{
		"buildah", "--root", filepath.Join(b.Cache, "storage"), "--runroot", filepath.Join(b.Cache, "run"),
		"--storage-driver", "overlay", subcommand,
	}, args...)
}
