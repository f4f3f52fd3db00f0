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

// Builder builds the targets of the Dockerfile. An implementation has the fields Source, the
// directory of the Dockerfile, and Cache and Log, the places of images and output.
type Builder interface {
	// Build builds a target under a name and returns the id of the image.
	Build(ctx context.Context, target, name, version string) (id string, err error)
	// Save writes the image as an archive that a container runtime can import. It may leave out the
	// blobs in has, which the runtime already has.
	Save(ctx context.Context, name string, has map[string]bool, to io.Writer) error
	// Title returns the name of the builder for progress messages.
	Title() string
}

// Choose returns a Docker builder if a Docker engine answers, else a Buildah builder.
func Choose(ctx context.Context, source, cache, log string) Builder {
	if exec.CommandContext(ctx, "docker", "info").Run() == nil {
		return Docker{Source: source, Cache: cache, Log: log}
	}
	return Buildah{Source: source, Cache: cache, Log: log}
}

// ErrNotBuilt reports that no image of the name was built.
var ErrNotBuilt = errors.New("not built yet")

// BuiltID returns the id of the image that was last built under the name.
func BuiltID(cache, name string) (string, error) {
	content, err := os.ReadFile(idFile(cache, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotBuilt
	}
	return strings.TrimSpace(string(content)), err
}

func idFile(cache, name string) string { return filepath.Join(cache, fileName(name)+".id") }

// programs runs the programs of a builder and appends their output to a log.
type programs struct {
	log string
	env []string
}

// run runs a program. An error contains the last lines of its output. The standard output goes to
// stdout, or to the log if stdout is nil.
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
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stderr = io.MultiWriter(file, &output)
	cmd.Stdout = cmd.Stderr
	if stdout != nil {
		cmd.Stdout = stdout
	}
	// A builder that is interrupted needs time to unmount its mounts, so it gets SIGTERM and not
	// SIGKILL.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = cleanUpWithin
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(output.String()), "\n")
		return fmt.Errorf("%s: %w; see %s\n%s", argv[0], err, p.log, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	}
	return nil
}

const cleanUpWithin = 10 * time.Second
