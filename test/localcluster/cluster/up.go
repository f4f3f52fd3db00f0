package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"executorpool.dev/test/localcluster/binary"
	"executorpool.dev/test/localcluster/config"
	"executorpool.dev/test/localcluster/host"
	"executorpool.dev/test/localcluster/image"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/pki"
)

// Up starts the cluster. If wait is true, it returns when pods can run.
func (c Cluster) Up(ctx context.Context, wait bool) error {
	if err := needRoot(); err != nil {
		return err
	}
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.claim(); err != nil {
		return err
	}
	if missing := host.Missing(host.NodePackages); len(missing) > 0 {
		err := c.Steps.Do("install "+strings.Join(missing, " "), func() error {
			return host.Install(ctx, missing, c.Layout.Log("packages"))
		})
		if err != nil {
			return err
		}
	}
	if err := c.build(ctx, binary.All); err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		work  func() error
	}{
		{"prepare the machine's network", func() error { return c.network(ctx) }},
		{"write keys and configuration", c.configure},
	} {
		if err := c.Steps.Do(step.title, step.work); err != nil {
			return err
		}
	}
	if err := c.start(ctx); err != nil {
		return err
	}
	if !wait {
		return nil
	}
	return c.Steps.Do("wait for the node", func() error { return c.waitForNode(ctx) })
}

func (c Cluster) network(ctx context.Context) error {
	if err := host.Overlap(layout.Bridge, layout.PodCIDR, layout.ServiceCIDR); err != nil {
		return err
	}
	if err := host.Forward(filepath.Join(layout.Runtime, "settings")); err != nil {
		return err
	}
	return host.Bridge(ctx, layout.Bridge, layout.NodeIP+"/24", layout.ServiceCIDR)
}

// configure writes the keys and the configuration files. It does not write a file that has the
// right content.
func (c Cluster) configure() error {
	if err := pki.Ensure(filepath.Dir(c.Layout.PKI("any")), config.Certificates(), time.Now()); err != nil {
		return err
	}
	for path, content := range config.Files(c.Layout) {
		if have, err := os.ReadFile(path); err == nil && string(have) == content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// start starts the components in order, each when the one before it is healthy.
func (c Cluster) start(ctx context.Context) error {
	for _, component := range config.Components(c.Layout) {
		inputs, err := c.inputs(component)
		if err != nil {
			return err
		}
		component.Inputs = inputs
		verb := "start "
		if record, running := c.table().Running(component.Name); running && record.Inputs == inputs {
			verb = "check "
		}
		err = c.Steps.Do(verb+component.Name, func() error {
			if _, err := c.table().Ensure(component.Command, func() error { return portsFree(component.Name) }); err != nil {
				return err
			}
			return c.healthy(ctx, component)
		})
		if err != nil {
			return err
		}
		if component.Name == config.Runtime {
			if err := c.loadPause(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// inputs returns a digest of everything that the component reads only at its start: its program,
// keys and files.
func (c Cluster) inputs(component config.Component) (string, error) {
	program, err := os.Stat(component.Argv[0])
	if err != nil {
		return "", fmt.Errorf("read the program of %s: %w", component.Name, err)
	}
	content, err := digest(append([]string{c.Layout.PKI("ca.crt")}, component.Reads...))
	// The size and the modification time identify the program, which has about 100 MB. A build
	// replaces the file and never changes it in place.
	return fmt.Sprintf("%d-%d-%s", program.Size(), program.ModTime().UnixNano(), content), err
}

// loadPause makes and imports the image of the pods' sandbox containers, unless the runtime has it.
func (c Cluster) loadPause(ctx context.Context) error {
	return c.Steps.Do("load the pause image", func() error {
		if have, err := c.Runtime().HasName(ctx, config.PauseImage); err != nil || have {
			return err
		}
		program := c.Layout.Bin("pause")
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./test/localcluster/pause")
		cmd.Dir = c.Repository
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build pause: %w: %s", err, output)
		}
		content, err := os.ReadFile(program)
		if err != nil {
			return fmt.Errorf("read pause: %w", err)
		}
		var archive bytes.Buffer
		if err := image.WriteSingle(&archive, config.PauseImage, "pause", content); err != nil {
			return err
		}
		return c.Runtime().Import(ctx, &archive)
	})
}
