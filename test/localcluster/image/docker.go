package image

import (
	"context"
	"io"
)

// Docker builds with a Docker engine. The engine uses its own registry access and caches.
type Docker struct{ Source, Cache, Log string }

// Title returns the name of the builder.
func (d Docker) Title() string { return "docker" }

// Build builds a target.
func (d Docker) Build(ctx context.Context, target, name, version string) (string, error) {
	err := programs{log: d.Log}.run(ctx, nil, "docker", "build", "--target", target, "--tag", FullName(name),
		"--build-arg", "VERSION="+version, "--iidfile", idFile(d.Cache, name), d.Source)
	if err != nil {
		return "", err
	}
	return BuiltID(d.Cache, name)
}

// Save writes the complete image, because the engine cannot leave out layers.
func (d Docker) Save(ctx context.Context, name string, _ map[string]bool, to io.Writer) error {
	return programs{log: d.Log}.run(ctx, to, "docker", "save", FullName(name))
}
