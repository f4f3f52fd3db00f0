package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"executorpool.dev/test/localcluster/layout"
)

// Runtime is the container runtime behind a socket.
type Runtime struct{ Socket string }

// Ping returns nil if the runtime answers.
func (r Runtime) Ping(ctx context.Context) error {
	_, err := r.ctr(ctx, nil, "version")
	return err
}

// Has reports whether the runtime has the image under this name and with this id. The id is the
// digest of the configuration that the manifest of the image names.
func (r Runtime) Has(ctx context.Context, name, id string) (bool, error) {
	listing, err := r.ctr(ctx, nil, "images", "list")
	if err != nil {
		return false, err
	}
	target := targetOf(listing, FullName(name))
	if target == "" {
		return false, nil
	}
	content, err := r.ctr(ctx, nil, "content", "get", target)
	if err != nil {
		return false, err
	}
	var found manifest
	if err := json.Unmarshal([]byte(content), &found); err != nil {
		return false, fmt.Errorf("read the manifest of %s: %w", name, err)
	}
	return found.Config.Digest == id, nil
}

// HasName reports whether the runtime has an image of this name.
func (r Runtime) HasName(ctx context.Context, name string) (bool, error) {
	listing, err := r.ctr(ctx, nil, "images", "list", "--quiet", "name=="+FullName(name))
	return strings.TrimSpace(listing) != "", err
}

// Blobs returns the digests of the image blobs that the runtime has.
func (r Runtime) Blobs(ctx context.Context) (map[string]bool, error) {
	listing, err := r.ctr(ctx, nil, "content", "list", "--quiet")
	if err != nil {
		return nil, err
	}
	blobs := map[string]bool{}
	for digest := range strings.FieldsSeq(listing) {
		blobs[digest] = true
	}
	return blobs, nil
}

// targetOf returns the digest of the manifest of the named image from the output of `ctr images
// list`. In each line the first field is the name and the third is the digest.
func targetOf(listing, name string) string {
	for line := range strings.Lines(listing) {
		if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == name {
			return fields[2]
		}
	}
	return ""
}

// Import imports an archive of images into the runtime.
func (r Runtime) Import(ctx context.Context, archive io.Reader) error {
	_, err := r.ctr(ctx, archive, "images", "import", "-")
	return err
}

func (r Runtime) ctr(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "ctr", append([]string{"--address", r.Socket, "--namespace", layout.Namespace}, args...)...)
	cmd.Stdin = stdin
	var output strings.Builder
	cmd.Stderr = &output
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(output.String()))
	}
	return string(out), nil
}
