package image

import (
	"context"
	"io"
)

// Docker builds with a Docker engine, whose own registry access and caches it uses.
type Docker struct{ Source, Cache, Log string }

// Title names the builder.
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

// Save writes the whole image: the engine knows no way to leave parts out.
func (d Docker) Save(ctx context.Context, name string, _ map[string]bool, to io.Writer) error {
	return programs{log: d.Log}.run(ctx, to, "docker", "save", FullName(name))
}
