package main

import (
	"context"

	"executorpool.dev/test/localcluster/cluster"
)

type buildCommand struct {
	Target string `arg:"" help:"Target of the Dockerfile: manager, executor or rehearse."`
	Image  string `arg:"" help:"Name for the image, such as executorpool/executor:dev."`
}

func (b buildCommand) Run(ctx context.Context, c cluster.Cluster) error {
	return c.BuildImage(ctx, b.Target, b.Image)
}

type loadCommand struct {
	Image string `arg:"" help:"Name of the image."`
}

func (l loadCommand) Run(ctx context.Context, c cluster.Cluster) error {
	return c.LoadImage(ctx, l.Image)
}
