package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"executorpool.dev/test/localcluster/binary"
	"executorpool.dev/test/localcluster/cluster"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/step"
)

type options struct {
	Cache string `env:"EXECUTORPOOL_CACHE" placeholder:"FOLDER" help:"Directory for built programs, images and the cluster's state; .cache in the repository by default."`

	Up         upCommand         `cmd:"" help:"Start the cluster. Components that run already are not restarted."`
	Down       downCommand       `cmd:"" help:"Stop the cluster and remove everything that it left, except the cache."`
	Status     statusCommand     `cmd:"" help:"Show which components run and how to use the cluster. The exit status is 1 if the cluster is not up."`
	Kubeconfig kubeconfigCommand `cmd:"" help:"Print the path of the admin's kubeconfig."`
	Build      buildCommand      `cmd:"" help:"Build an image from the Dockerfile."`
	Load       loadCommand       `cmd:"" help:"Import an image from build into the cluster."`
	Assets     assetsCommand     `cmd:"" help:"Build kube-apiserver, etcd and kubectl, and print their directory, for KUBEBUILDER_ASSETS. Needs no cluster."`
}

func main() {
	var opts options
	parsed := kong.Parse(&opts,
		kong.Name("localcluster"),
		kong.Description("A real one-node Kubernetes cluster on this machine, for the demo and the end-to-end tests."),
		kong.UsageOnError(),
	)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opts, parsed); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, opts options, parsed *kong.Context) error {
	repository, err := findRepository()
	if err != nil {
		return err
	}
	cache := opts.Cache
	if cache == "" {
		cache = filepath.Join(repository, ".cache")
	}
	// Symbolic links are resolved, because the arguments of processes and the mount table have the
	// real path.
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return fmt.Errorf("make the cache directory: %w", err)
	}
	if cache, err = filepath.Abs(cache); err != nil {
		return fmt.Errorf("find the cache directory: %w", err)
	}
	if cache, err = filepath.EvalSymlinks(cache); err != nil {
		return fmt.Errorf("find the cache directory: %w", err)
	}
	// Progress goes to standard error. Standard output is for results that other programs read.
	here := cluster.Cluster{Repository: repository, Layout: layout.Layout{Cache: cache}, Steps: step.New(os.Stderr)}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(here)
}

const modulePath = "executorpool.dev"

// findRepository returns the root of the module that contains the working directory.
func findRepository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), "module "+modulePath+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside a checkout of " + modulePath + ": run this from the repository")
		}
		dir = parent
	}
}

type upCommand struct {
	Wait bool `default:"true" negatable:"" help:"Return only once pods can run."`
}

func (u upCommand) Run(ctx context.Context, c cluster.Cluster) error {
	if err := c.Up(ctx, u.Wait); err != nil {
		return err
	}
	c.Steps.Note("the cluster is up; to use it: export KUBECONFIG=%s", c.Layout.Kubeconfig())
	return nil
}

type downCommand struct{}

func (downCommand) Run(ctx context.Context, c cluster.Cluster) error { return c.Down(ctx) }

type statusCommand struct{}

func (statusCommand) Run(ctx context.Context, c cluster.Cluster) error {
	return c.Status(ctx, os.Stdout)
}

type kubeconfigCommand struct {
	Raw bool `help:"Print the content, with keys, instead of the path."`
}

func (k kubeconfigCommand) Run(ctx context.Context, c cluster.Cluster) error {
	path := c.Layout.Kubeconfig()
	if _, err := os.Stat(path); err != nil {
		return errors.Join(cluster.ErrNotUp, err)
	}
	if !k.Raw {
		fmt.Println(path)
		return nil
	}
	content, err := c.Kubectl(ctx, "config", "view", "--raw", "--flatten")
	if err != nil {
		return err
	}
	fmt.Println(content)
	return nil
}

type assetsCommand struct {
	Controllers bool `help:"Build kube-controller-manager, too."`
}

func (a assetsCommand) Run(ctx context.Context, c cluster.Cluster) error {
	var additional []binary.Set
	if a.Controllers {
		additional = binary.Controllers
	}
	dir, err := c.Assets(ctx, additional...)
	if err != nil {
		return err
	}
	fmt.Println(dir)
	return nil
}
