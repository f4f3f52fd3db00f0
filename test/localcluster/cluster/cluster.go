package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"executorpool.dev/test/localcluster/binary"
	"executorpool.dev/test/localcluster/config"
	"executorpool.dev/test/localcluster/image"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/process"
	"executorpool.dev/test/localcluster/step"
)

// Cluster is the cluster of this machine, as seen from one repository and one cache.
type Cluster struct {
	// Repository is the root of the checkout. The sources of the cluster's programs are below it.
	Repository string
	// Layout gives the paths and addresses of the cluster.
	Layout layout.Layout
	// Steps prints the progress.
	Steps step.Printer
}

func (c Cluster) builder() binary.Builder {
	return binary.Builder{
		Source: filepath.Join(c.Repository, "test", "localcluster"),
		Bin:    filepath.Dir(c.Layout.Bin("any")),
		Log:    c.Layout.Log("build"),
	}
}

func (c Cluster) table() process.Table { return process.Table{Dir: layout.Records()} }

// Runtime returns the container runtime of the cluster.
func (c Cluster) Runtime() image.Runtime { return image.Runtime{Socket: layout.ContainerdSocket()} }

func needRoot() error {
	if os.Geteuid() != 0 {
		return errors.New("a node needs root: run this with sudo, or as root")
	}
	return nil
}

// lock takes the lock of the up and down commands. The caller must call the returned function to
// release it. The lock file is beside the directory that down removes, because a lock on a removed
// file has no effect on other commands.
func lock() (func(), error) {
	if err := os.MkdirAll(layout.Runtime, 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", layout.Runtime, err)
	}
	return lockFile(layout.Runtime + ".lock")
}

func lockFile(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	return func() { file.Close() }, nil
}

func ownerFile() string { return filepath.Join(layout.Runtime, "owner") }

// Owner returns the cache directory that the running cluster, or the remains of one, belongs to. It
// returns "" if there is no cluster.
func Owner() (string, error) {
	content, err := os.ReadFile(ownerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read whose cluster this is: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// checkOwner returns an error if the cluster of this machine belongs to another cache.
func (c Cluster) checkOwner() error {
	owner, err := Owner()
	if err != nil || owner == "" || owner == c.Layout.Cache {
		return err
	}
	return fmt.Errorf("this machine's cluster belongs to the cache %s: use it or take it down with EXECUTORPOOL_CACHE=%s", owner, owner)
}

func (c Cluster) claim() error {
	if err := c.checkOwner(); err != nil {
		return err
	}
	// The path of a socket must fit into sockaddr_un, which has 108 bytes with the final zero; see
	// unix(7).
	const longest = 107
	if socket := c.Layout.Cluster("kubelet", "pod-resources", "kubelet.sock"); len(socket) > longest {
		return fmt.Errorf("the cache's path is too long for sockets in it (%s has %d bytes, at most %d are possible): set EXECUTORPOOL_CACHE to a shorter one",
			socket, len(socket), longest)
	}
	if err := os.WriteFile(ownerFile(), []byte(c.Layout.Cache+"\n"), 0o644); err != nil {
		return fmt.Errorf("claim the cluster: %w", err)
	}
	return os.MkdirAll(filepath.Dir(c.Layout.Log("any")), 0o755)
}

// Assets builds the API server, etcd, kubectl and the additional sets, and returns the directory of
// the programs. It needs neither root nor a running cluster.
func (c Cluster) Assets(ctx context.Context, additional ...binary.Set) (string, error) {
	return c.builder().Bin, c.build(ctx, slices.Concat(binary.Assets, additional))
}

func (c Cluster) build(ctx context.Context, sets []binary.Set) error {
	builder := c.builder()
	unlock, err := builder.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	for _, set := range sets {
		missing, stamp, err := builder.Missing(set)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			continue
		}
		title := "build " + set.Title
		if len(missing) > 3 {
			title += " (minutes the first time)"
		}
		if err := c.Steps.Do(title, func() error { return builder.Build(ctx, set, missing, stamp) }); err != nil {
			return err
		}
	}
	return nil
}

func (c Cluster) component(name string) config.Component {
	for _, component := range config.Components(c.Layout) {
		if component.Name == name {
			return component
		}
	}
	panic("no component " + name)
}
