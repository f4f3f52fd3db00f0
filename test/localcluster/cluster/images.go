package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"executorpool.dev/test/localcluster/host"
	"executorpool.dev/test/localcluster/image"
)

func (c Cluster) imageBuilder(ctx context.Context) image.Builder {
	return image.Choose(ctx, c.Repository, c.Layout.Image(), c.Layout.Log("images"))
}

// BuildImage builds a target of the Dockerfile as the named image.
func (c Cluster) BuildImage(ctx context.Context, target, name string) error {
	if err := os.MkdirAll(c.Layout.Image(), 0o755); err != nil {
		return fmt.Errorf("make the image cache: %w", err)
	}
	unlock, err := lockFile(c.Layout.Image(".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	builder := c.imageBuilder(ctx)
	if _, ok := builder.(image.Buildah); ok {
		if err := needRoot(); err != nil {
			return err
		}
		if missing := host.Missing(host.ImagePackages); len(missing) > 0 {
			err := c.Steps.Do("install "+strings.Join(missing, " "), func() error {
				return host.Install(ctx, missing, c.Layout.Log("packages"))
			})
			if err != nil {
				return err
			}
		}
	}
	return c.Steps.Do(fmt.Sprintf("build %s with %s", name, builder.Title()), func() error {
		_, err := builder.Build(ctx, target, name, c.version(ctx))
		return err
	})
}

// version returns the description of the checkout by git, which the programs report as their
// version.
func (c Cluster) version(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "-C", c.Repository, "describe", "--always", "--tags").Output()
	if err != nil {
		return "dev"
	}
	return strings.TrimSpace(string(out))
}

// LoadImage imports a built image into the cluster, unless the cluster has it.
func (c Cluster) LoadImage(ctx context.Context, name string) error {
	if err := c.checkOwner(); err != nil {
		return err
	}
	id, err := image.BuiltID(c.Layout.Image(), name)
	if errors.Is(err, image.ErrNotBuilt) {
		return fmt.Errorf("load %s: %w: go run ./test/localcluster build TARGET %s", name, err, name)
	}
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	return c.Steps.Do("load "+name, func() error {
		have, err := c.Runtime().Has(ctx, name, id)
		if err != nil {
			return errors.Join(ErrNotUp, err)
		}
		if have {
			return nil
		}
		blobs, err := c.Runtime().Blobs(ctx)
		if err != nil {
			return err
		}
		read, write := io.Pipe()
		go func() { write.CloseWithError(c.imageBuilder(ctx).Save(ctx, name, blobs, write)) }()
		return errors.Join(c.Runtime().Import(ctx, read), read.Close())
	})
}
