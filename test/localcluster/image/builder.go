package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Builder builds targets of the Dockerfile in the folder Source, keeping what it makes and its logs in Cache.
type Builder interface {
	// Build builds a target under a name, and returns the image's id.
	Build(ctx context.Context, target, name, version string) (id string, err error)
	// Save writes the image as an archive that a container runtime imports. It may leave out blobs that the runtime has.
	Save(ctx context.Context, name string, has map[string]bool, to io.Writer) error
	// Title names the builder to people.
	Title() string
}

// Choose returns a Docker engine where one answers, and buildah elsewhere.
func Choose(ctx context.Context, source, cache, log string) Builder {
	if exec.CommandContext(ctx, "docker", "info").Run() == nil {
		return Docker{Source: source, Cache: cache, Log: log}
	}
	return Buildah{Source: source, Cache: cache, Log: log}
}

// ErrNotBuilt says that an image of that name has not been built.
var ErrNotBuilt = errors.New("not built yet")

// BuiltID returns the id of the image last built under the name.
func BuiltID(cache, name string) (string, error) {
	content, err := os.ReadFile(idFile(cache, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotBuilt
	}
	return strings.TrimSpace(string(content)), err
}

func idFile(cache, name string) string { return filepath.Join(cache, fileName(name)+".id") }

// programs runs a builder's programs, their words going to a log.
type programs struct {
	log string
	env []string
}

// run runs one; the last of its words are in the error. Its standard output goes to stdout, or to the log where that is
// nil.
func (p programs) run(ctx context.Context, stdout io.Writer, argv ...string) error {
	if err := os.MkdirAll(filepath.Dir(p.log), 0o755); err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	file, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer file.Close()
	fmt.Fprintf(file, "--- %s\n", strings.Join(argv, " "))
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stderr = io.MultiWriter(file, &said)
	cmd.Stdout = cmd.Stderr
	if stdout != nil {
		cmd.Stdout = stdout
	}
	// Interrupted, a builder gets the time to unmount what it mounted.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = cleanUpWithin
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("%s: %w; see %s\n%s", argv[0], err, p.log, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	}
	return nil
}

const cleanUpWithin = 10 * time.Second
